/**
 * A classification tree on columns of bins, as `src/numeric/class-tree.ts` grows it: the bag is drawn, nodes are cut, and the rows
 * that were not drawn are led to their leaves, all in one call. Counts are whole numbers, so the order within a bin does not matter.
 */

/** Where everything is; JavaScript writes one word a field, in this order. */
@unmanaged
class Trees {
  /** Bin of (row i, column j) at j · rows + i. */
  bins: usize;
  rows: i32;
  columns: i32;
  /** Class of each row. */
  labels: usize;
  classes: i32;
  bagSize: i32;
  minLeaf: i32;
  /** Columns that are tried for a node. */
  tries: i32;
  /** Rows of the tree, 8 bytes each: class above, row below. Every node is a run of them. */
  bag: usize;
  /** Room for as many. */
  scratch: usize;
  /** One word a class, 0 between nodes: rows of the node, and rows left of a cut. */
  counts: usize;
  left: usize;
  /** One word a bin, −1 between calls: the last row of the bin. */
  heads: usize;
  candidates: usize;
  /** Runs that wait, three words each. */
  pending: usize;
  /** Column (−1 at a leaf), cut, right child; of a leaf the begin and end of its classes. The left child follows its parent. */
  nodes: usize;
  leafClasses: usize;
  leafShares: usize;
  /** Leaf of each row that was not drawn, −1 of the others: filled. */
  leaves: usize;
}

@inline function word(at: usize, i: i32): i32 { return load<i32>(at + 4 * usize(i)); }
@inline function put(at: usize, i: i32, value: i32): void { store<i32>(at + 4 * usize(i), value); }
@inline function pair(at: usize, i: i32): u64 { return load<u64>(at + 8 * usize(i)); }
@inline function putPair(at: usize, i: i32, value: u64): void { store<u64>(at + 8 * usize(i), value); }
@inline function high(value: u64): i32 { return i32(value >> 32); }
@inline function low(value: u64): i32 { return i32(value); }
@inline function pairOf(above: i32, below: i32): u64 { return (u64(above) << 32) | (u64(below) & 0xffffffff); }

// xoshiro128**, as in `src/numeric/random-stream.ts`.
let s0: u32 = 0, s1: u32 = 0, s2: u32 = 0, s3: u32 = 0;

function next(): u32 {
  const result = rotl<u32>(s1 * 5, 7) * 9;
  const t = s1 << 9;
  s2 ^= s0;
  s3 ^= s1;
  s1 ^= s2;
  s0 ^= s3;
  s2 ^= t;
  s3 = rotl<u32>(s3, 11);
  return result;
}

function below(bound: u32): u32 {
  const last = u32.MAX_VALUE - (u32(0) - bound) % bound;
  let value = next();
  while (value > last) value = next();
  return value % bound;
}

// The best cut of a node: its gain up to a factor, and the bin after which it is.
let gain: f64 = 0, cut: i32 = 0;

/**
 * Looks for the cut of bag[begin … end − 1] on a column that lowers the Gini impurity most; false when the rows share one bin.
 * The gain is 0 where no cut leaves enough rows on both sides. `squares` is the sum of the squares of the counts.
 */
function bestCut(trees: Trees, bins: usize, begin: i32, end: i32, squares: i64): bool {
  const scratch = trees.scratch, counts = trees.counts, left = trees.left, heads = trees.heads, minLeaf = trees.minLeaf;
  const run = trees.bag + 8 * usize(begin), size = end - begin;
  // Rows of a bin are chained; which bins there are stands behind the heads, a bit each.
  const present = heads + 1024;
  store<u64>(present, 0); store<u64>(present, 0, 8); store<u64>(present, 0, 16); store<u64>(present, 0, 24);
  for (let i = 0; i < size; i++) {
    const own = pair(run, i);
    const bin = i32(load<u8>(bins + usize(low(own))));
    const at = present + 8 * usize(bin >> 6);
    store<u64>(at, load<u64>(at) | (u64(1) << (bin & 63)));
    putPair(scratch, i, pairOf(high(own), word(heads, bin)));
    put(heads, bin, i);
    put(left, high(own), 0);
  }
  if (popcnt(load<u64>(present)) + popcnt(load<u64>(present, 8)) + popcnt(load<u64>(present, 16)) + popcnt(load<u64>(present, 24)) == 1) {
    put(heads, i32(load<u8>(bins + usize(low(pair(run, 0))))), -1);
    return false;
  }
  const whole = f64(squares) / f64(size);
  let leftSquares: i64 = 0, rightSquares = squares;
  let best: f64 = 0, after = 0, previous = 0, passed = 0;
  for (let first = 0; first < 256; first += 64) {
    for (let bits = load<u64>(present + usize(first >> 3)); bits != 0; bits &= bits - 1) {
      const bin = first + i32(ctz(bits));
      if (passed >= minLeaf && size - passed >= minLeaf) {
        const candidate = f64(leftSquares) / f64(passed) + f64(rightSquares) / f64(size - passed) - whole + 1e-12;
        if (candidate > best) {
          best = candidate;
          after = previous;
        }
      }
      previous = bin;
      let i = word(heads, bin);
      put(heads, bin, -1);
      do {
        const own = pair(scratch, i);
        const label = high(own);
        const l = word(left, label);
        leftSquares += i64(2 * l + 1);
        rightSquares -= i64(2 * (word(counts, label) - l) - 1);
        put(left, label, l + 1);
        passed++;
        i = low(own);
      } while (i >= 0);
    }
  }
  gain = best;
  cut = after;
  return true;
}

/** Moves the rows of bag[begin … end − 1] whose bin is at most `bin` to the front, in order; returns where the others begin. */
function partition(trees: Trees, bins: usize, begin: i32, end: i32, bin: i32): i32 {
  const bag = trees.bag, scratch = trees.scratch;
  let middle = begin, rest = 0;
  for (let i = begin; i < end; i++) {
    const own = pair(bag, i);
    if (i32(load<u8>(bins + usize(low(own)))) <= bin) putPair(bag, middle++, own);
    else putPair(scratch, rest++, own);
  }
  memory.copy(bag + 8 * usize(middle), scratch, 8 * usize(rest));
  return middle;
}

/** Counts the classes of a run; returns the sum of their squares. */
function countClasses(trees: Trees, begin: i32, end: i32): i64 {
  let squares: i64 = 0;
  for (let i = begin; i < end; i++) {
    const label = high(pair(trees.bag, i));
    const count = word(trees.counts, label);
    squares += i64(2 * count + 1);
    put(trees.counts, label, count + 1);
  }
  return squares;
}

/** Draws columns until enough of them vary in a run, never one twice; returns the one with the best cut, −1 where there is none. */
function bestColumn(trees: Trees, begin: i32, end: i32, squares: i64): i32 {
  const candidates = trees.candidates;
  for (let j = 0; j < trees.columns; j++) put(candidates, j, j);
  let best: f64 = 0, bestCutOf = 0, column = -1;
  for (let untried = trees.columns, tried = 0; untried > 0 && tried < trees.tries; untried--) {
    const drawn = i32(below(untried));
    const j = word(candidates, drawn);
    put(candidates, drawn, word(candidates, untried - 1));
    if (!bestCut(trees, trees.bins + usize(j) * usize(trees.rows), begin, end, squares)) continue;
    tried++;
    if (gain > best) {
      best = gain;
      bestCutOf = cut;
      column = j;
    }
  }
  cut = bestCutOf;
  return column;
}

function grow(trees: Trees): void {
  const bag = trees.bag, counts = trees.counts, pending = trees.pending;
  let shares = 0, waiting = 1;
  put(pending, 0, 0); put(pending, 1, trees.bagSize); put(pending, 2, -1);
  for (let node = 0; waiting > 0; node++) {
    const top = pending + 12 * usize(--waiting);
    const begin = word(top, 0), end = word(top, 1), parent = word(top, 2), size = end - begin;
    if (parent >= 0) put(trees.nodes + 12 * usize(parent), 2, node);
    const squares = countClasses(trees, begin, end);
    const divisible = size >= 2 * trees.minLeaf && squares < i64(size) * i64(size);
    const column = divisible ? bestColumn(trees, begin, end, squares) : -1;
    const own = trees.nodes + 12 * usize(node);
    put(own, 0, column);
    if (column < 0) {
      put(own, 1, shares);
      for (let i = begin; i < end; i++) {
        const label = high(pair(bag, i));
        const count = word(counts, label);
        if (count == 0) continue;
        put(trees.leafClasses, shares, label);
        store<f64>(trees.leafShares + 8 * usize(shares++), f64(count) / f64(size));
        put(counts, label, 0);
      }
      put(own, 2, shares);
      continue;
    }
    for (let i = begin; i < end; i++) put(counts, high(pair(bag, i)), 0);
    const middle = partition(trees, trees.bins + usize(column) * usize(trees.rows), begin, end, cut);
    put(own, 1, cut);
    put(top, 0, middle); put(top, 1, end); put(top, 2, node);
    put(top, 3, begin); put(top, 4, middle); put(top, 5, -1);
    waiting += 2;
  }
}

/** Draws a bag from the state of a random stream, grows a tree on it and finds the leaves of all rows that are not in it. */
export function growTree(trees: Trees, a: u32, b: u32, c: u32, d: u32): void {
  s0 = a; s1 = b; s2 = c; s3 = d;
  const rows = trees.rows, leaves = trees.leaves;
  memory.fill(leaves, 0, 4 * usize(rows));
  for (let i = 0; i < trees.bagSize; i++) {
    const row = i32(below(rows));
    putPair(trees.bag, i, pairOf(word(trees.labels, row), row));
    put(leaves, row, -1);
  }
  grow(trees);
  for (let row = 0; row < rows; row++) {
    if (word(leaves, row) < 0) continue;
    let node = 0;
    let at = trees.nodes;
    for (let column = word(at, 0); column >= 0; column = word(at, 0)) {
      const bin = i32(load<u8>(trees.bins + usize(column) * usize(rows) + usize(row)));
      node = bin <= word(at, 1) ? node + 1 : word(at, 2);
      at = trees.nodes + 12 * usize(node);
    }
    put(leaves, row, node);
  }
}
