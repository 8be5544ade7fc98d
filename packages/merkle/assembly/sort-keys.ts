/**
 * Leaves to the keys of a set and their counts: one counting pass over the bits in which they begin to differ, then
 * insertion, which has next to nothing to do where keys are digests.
 */

/** Bits of the counting pass, and how many leaves may be alike in them before insertion is the wrong way. */
const SLOT_BITS: i32 = 12;
const SLOTS: usize = 1 << SLOT_BITS;
const MOST_IN_SLOT: i32 = 64;

@inline function slotOf(word: u64, skip: i32): usize { return <usize>((word << skip) >> (64 - SLOT_BITS)); }

/** Whether the first of two leaves that begin with the same 64 bits is above the second. */
function isAboveBehind(left: usize, right: usize): bool {
  for (let k: usize = 8; k < 32; k += 8) {
    const l = bswap<u64>(load<u64>(left + k));
    const r = bswap<u64>(load<u64>(right + k));
    if (l !== r) return l > r;
  }
  return false;
}

/**
 * Writes the keys of n ≥ 1 leaves, ascending, and how often each occurs (f64).
 *
 * @param skip Bits that all leaves have in common, at most 40.
 * @param work Room for 16 bytes a leaf and 16,400 more.
 * @returns The number of keys; −1 where too many leaves are alike.
 */
export function sortKeys(leaves: usize, n: i32, skip: i32, keys: usize, counts: usize, work: usize): i32 {
  const starts = work;
  const entries = work + 4 * (SLOTS + 4);
  memory.fill(starts, 0, 4 * (SLOTS + 1));
  const end = leaves + 32 * n;
  for (let leaf = leaves; leaf < end; leaf += 32) {
    const start = starts + 4 * slotOf(bswap<u64>(load<u64>(leaf)), skip);
    store<i32>(start, load<i32>(start, 4) + 1, 4);
  }
  for (let slot: usize = 0; slot < SLOTS; slot++) {
    const here = load<i32>(starts + 4 * slot, 4);
    if (here > MOST_IN_SLOT) return -1;
    store<i32>(starts + 4 * slot, load<i32>(starts + 4 * slot) + here, 4);
  }
  // An entry is the first 64 bits of a leaf as a number, and where the leaf is.
  for (let leaf = leaves; leaf < end; leaf += 32) {
    const word = bswap<u64>(load<u64>(leaf));
    const start = starts + 4 * slotOf(word, skip);
    const place = load<i32>(start);
    store<i32>(start, place + 1);
    store<u64>(entries + 16 * place, word);
    store<u32>(entries + 16 * place, <u32>leaf, 8);
  }
  const last = entries + 16 * n;
  for (let entry = entries + 16; entry < last; entry += 16) {
    const word = load<u64>(entry);
    const leaf: usize = load<u32>(entry, 8);
    let to = entry;
    for (; to > entries; to -= 16) {
      const before = load<u64>(to - 16);
      if (before < word || (before === word && !isAboveBehind(load<u32>(to - 16, 8), leaf))) break;
      v128.store(to, v128.load(to - 16));
    }
    store<u64>(to, word);
    store<u32>(to, <u32>leaf, 8);
  }
  return countEntries(entries, last, keys, counts);
}

function countEntries(entries: usize, last: usize, keys: usize, counts: usize): i32 {
  let distinct = 0;
  let key = keys;
  let word: u64 = 0;
  for (let entry = entries; entry < last; entry += 16) {
    const next = load<u64>(entry);
    const leaf: usize = load<u32>(entry, 8);
    // In order: what is not above is the same.
    if (distinct > 0 && next === word && !isAboveBehind(leaf, key - 32)) {
      const count = counts + 8 * (distinct - 1);
      store<f64>(count, load<f64>(count) + 1);
      continue;
    }
    v128.store(key, v128.load(leaf));
    v128.store(key, v128.load(leaf, 16), 16);
    store<f64>(counts + 8 * distinct, 1);
    word = next;
    key += 32;
    distinct++;
  }
  return distinct;
}
