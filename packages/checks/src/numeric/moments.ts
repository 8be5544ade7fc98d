/**
 * Mean and variance. Sums are taken in blocks of 1,024 values whose sums are then added in order: the order is part of the
 * definition, so that any way of computing it gives the same bits, and rounding errors grow with √n / 32 rather than √n.
 */

/** Values whose sum is taken before it is added to the total. */
export const SUM_BLOCK = 1024;

export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Population variance (divided by n). */
  readonly variance: number;
}

/** Sum in block order. */
export function blockSum(values: ArrayLike<number>): number {
  let total = 0;
  for (let begin = 0; begin < values.length; begin += SUM_BLOCK) {
    const end = Math.min(begin + SUM_BLOCK, values.length);
    let sum = 0;
    for (let i = begin; i < end; i++) sum += values[i]!;
    total += sum;
  }
  return total;
}

/**
 * Mean and population variance, in two passes. No values give mean 0 and variance 0.
 *
 * @example
 * momentsOf(Float64Array.of(1, 2, 3)).mean; // 2
 */
export function momentsOf(values: ArrayLike<number>): Moments {
  const count = values.length;
  if (count === 0) return { count, mean: 0, variance: 0 };
  const mean = blockSum(values) / count;
  let total = 0;
  for (let begin = 0; begin < count; begin += SUM_BLOCK) {
    const end = Math.min(begin + SUM_BLOCK, count);
    let sum = 0;
    for (let i = begin; i < end; i++) {
      const difference = values[i]! - mean;
      sum += difference * difference;
    }
    total += sum;
  }
  return { count, mean, variance: total / count };
}
