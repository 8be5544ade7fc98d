/** The k-th greatest value of many, and which they are, without sorting them. */

/**
 * The k-th greatest of the values.
 *
 * @param values - Reordered. No NaN.
 * @param k - From 1 to their number.
 * @returns O(n) on average; after 2 log₂ n unlucky splits the rest is sorted, so that no input makes it quadratic.
 */
export function kthGreatest(values: Float64Array, k: number): number {
  const target = values.length - k;
  let low = 0;
  let high = values.length - 1;
  for (let rounds = 2 * Math.ceil(Math.log2(values.length + 1)); low < high; rounds--) {
    if (rounds === 0) return values.subarray(low, high + 1).sort()[target - low]!;
    const pivot = middleOf(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const value = values[i]!;
      values[i++] = values[j]!;
      values[j--] = value;
    }
    if (target <= j) high = j;
    else if (target >= i) low = i;
    else return values[target]!;
  }
  return values[target]!;
}

function middleOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/**
 * Calls `take` with the places of the `count` greatest values; of equal ones at the border the first are taken.
 *
 * @param values - Not changed. No NaN.
 */
export function takeGreatest(values: Float64Array, count: number, take: (place: number) => void): void {
  if (count <= 0) return;
  if (count >= values.length) {
    for (let i = 0; i < values.length; i++) take(i);
    return;
  }
  const border = kthGreatest(values.slice(), count);
  let left = count;
  for (let i = 0; i < values.length; i++) if (values[i]! > border) left--;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! > border) take(i);
    else if (values[i] === border && left > 0) {
      left--;
      take(i);
    }
  }
}
