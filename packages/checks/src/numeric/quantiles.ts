/**
 * Order statistics. A quantile is always a value that occurs, never a mean of two: the one at rank ⌊p (n − 1)⌋ from 0. So the
 * median of an even number of values is the lower middle one, and merging or converting data cannot move it by a rounding.
 */

/**
 * The quantile `p` of values in ascending order.
 *
 * @returns NaN for no values.
 * @example
 * quantileOfSorted([1, 2, 3, 4], 0.5); // 2
 */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.floor(p * (sorted.length - 1))]!;
}

/** The lower-middle median of values in any order. They are not changed. NaN for no values. */
export function median(values: Float64Array): number {
  return values.length === 0 ? Number.NaN : selectRank(values.slice(), (values.length - 1) >> 1);
}

/**
 * The value of a rank, from 0 (Hoare's selection with the median of three as pivot). Moves the values. O(n) on average; after
 * 2 log₂ n unlucky splits the rest is sorted, so that no input makes it quadratic.
 *
 * @throws RangeError if the rank is not below the number of values.
 */
export function selectRank(values: Float64Array, rank: number): number {
  if (!(rank >= 0 && rank < values.length)) throw new RangeError(`rank: ${rank} is not below ${values.length}`);
  let low = 0;
  let high = values.length - 1;
  for (let splits = 2 * Math.ceil(Math.log2(values.length + 1)); low < high; splits--) {
    if (splits === 0) return values.subarray(low, high + 1).sort()[rank - low]!;
    const a = values[low]!;
    const b = values[(low + high) >> 1]!;
    const c = values[high]!;
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i <= j) {
        const kept = values[i]!;
        values[i++] = values[j]!;
        values[j--] = kept;
      }
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank]!;
}

/** Centre and width of values. */
export interface Spread {
  readonly median: number;
  /** Interquartile range. */
  readonly iqr: number;
}

/** Median and interquartile range of finite values in any order. */
export function spreadOf(values: Float64Array): Spread {
  const sorted = values.slice().sort();
  return {
    median: quantileOfSorted(sorted, 0.5),
    iqr: quantileOfSorted(sorted, 0.75) - quantileOfSorted(sorted, 0.25),
  };
}
