/** The search for the best cut of a node of a classification tree, over columns of bins. Counts are 32-bit numbers. */

@inline function word(at: usize, i: i32): u32 { return load<u32>(at + 4 * usize(i)); }
@inline function put(at: usize, i: i32, value: u32): void { store<u32>(at + 4 * usize(i), value); }

/** Counts the classes of bag[begin … end − 1] into `counts`, which must be 0; writes the sum of their squares to `to`. */
export function countClasses(bag: usize, begin: i32, end: i32, labels: usize, counts: usize, to: usize): void {
  let squares: i64 = 0;
  for (let i = begin; i < end; i++) {
    const label = word(labels, word(bag, i));
    const count = word(counts, label);
    squares += 2 * i64(count) + 1;
    put(counts, label, count + 1);
  }
  store<f64>(to, f64(squares));
}

/** Writes the rows' (bin, label) as words to `keys`, ascending by bin; false when the rows share one bin. */
function orderByBin(bins: usize, bag: usize, begin: i32, end: i32, labels: usize, keys: usize, starts: usize): bool {
  const size = end - begin;
  if (size <= 32) {
    for (let i = 0; i < size; i++) {
      const row = word(bag, begin + i);
      const key = (u32(load<u8>(bins + row)) << 24) | word(labels, row);
      let at = i;
      while (at > 0 && word(keys, at - 1) > key) {
        put(keys, at, word(keys, at - 1));
        at--;
      }
      put(keys, at, key);
    }
    return word(keys, 0) >> 24 != word(keys, size - 1) >> 24;
  }
  memory.fill(starts, 0, 1028);
  for (let i = begin; i < end; i++) {
    const bin = i32(load<u8>(bins + word(bag, i)));
    put(starts, bin + 1, word(starts, bin + 1) + 1);
  }
  let sum: u32 = 0;
  for (let bin = 1; bin <= 256; bin++) {
    const count = word(starts, bin);
    if (count == u32(size)) return false;
    sum += count;
    put(starts, bin, sum);
  }
  for (let i = begin; i < end; i++) {
    const row = word(bag, i);
    const bin = i32(load<u8>(bins + row));
    const at = word(starts, bin);
    put(keys, at, (u32(bin) << 24) | word(labels, row));
    put(starts, bin, at + 1);
  }
  return true;
}

/**
 * The bin after which a cut lowers the Gini impurity of bag[begin … end − 1] most; −1 when the rows share one bin. Writes the
 * gain, 0 where no cut leaves `minLeaf` rows on both sides, to `gain`. `counts` are those of the node, at `gain` + 8 the sum of
 * their squares; `left` and `right` have room for as many, `keys` for the rows, `starts` for 257 words.
 */
export function bestSplit(bins: usize, bag: usize, begin: i32, end: i32, labels: usize, counts: usize, left: usize, right: usize, keys: usize, starts: usize, minLeaf: i32, gain: usize): i32 {
  if (!orderByBin(bins, bag, begin, end, labels, keys, starts)) return -1;
  const size = end - begin;
  for (let i = 0; i < size; i++) {
    const label = word(keys, i) & 0xffffff;
    put(left, label, 0);
    put(right, label, word(counts, label));
  }
  let leftSquares: i64 = 0, rightSquares = i64(load<f64>(gain, 8));
  const whole = load<f64>(gain, 8) / f64(size);
  let best: f64 = 0, bin: u32 = 0, previous = word(keys, 0) >> 24;
  for (let i = 0; i < size; i++) {
    const key = word(keys, i);
    const current = key >> 24;
    if (current != previous) {
      if (i >= minLeaf && size - i >= minLeaf) {
        const candidate = f64(leftSquares) / f64(i) + f64(rightSquares) / f64(size - i) - whole + 1e-12;
        if (candidate > best) {
          best = candidate;
          bin = previous;
        }
      }
      previous = current;
    }
    const label = key & 0xffffff;
    const l = word(left, label), r = word(right, label);
    leftSquares += 2 * i64(l) + 1;
    rightSquares -= 2 * i64(r) - 1;
    put(left, label, l + 1);
    put(right, label, r - 1);
  }
  store<f64>(gain, best);
  return i32(bin);
}

/** Moves the rows of bag[begin … end − 1] whose bin is at most `bin` to the front, in order; returns where the others begin. */
export function partition(bins: usize, bag: usize, begin: i32, end: i32, bin: i32, scratch: usize): i32 {
  let middle = begin, rest = 0;
  for (let i = begin; i < end; i++) {
    const row = word(bag, i);
    if (i32(load<u8>(bins + row)) <= bin) put(bag, middle++, row);
    else put(scratch, rest++, row);
  }
  memory.copy(bag + 4 * usize(middle), scratch, 4 * usize(rest));
  return middle;
}
