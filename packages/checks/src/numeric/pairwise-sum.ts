/**
 * Sums in the order in which numpy adds: eight running sums over blocks of at most 128 values, halves above that (its pairwise
 * summation). For values that must come out as another implementation's to the last bit; also more exact than adding in turn.
 */

const BLOCK = 128;

/**
 * The sum of `values[begin … end − 1]`.
 *
 * @example
 * pairwiseSum(Float64Array.of(0.1, 0.2, 0.3)); // 0.6000000000000001
 */
export function pairwiseSum(values: Float64Array, begin = 0, end = values.length): number {
  const n = end - begin;
  if (n < 8) {
    let sum = 0;
    for (let i = begin; i < end; i++) sum += values[i]!;
    return sum;
  }
  if (n > BLOCK) {
    const half = Math.floor(n / 2);
    const middle = begin + half - (half % 8);
    return pairwiseSum(values, begin, middle) + pairwiseSum(values, middle, end);
  }
  const sums = values.slice(begin, begin + 8);
  const whole = begin + n - (n % 8);
  for (let i = begin + 8; i < whole; i += 8) {
    for (let lane = 0; lane < 8; lane++) sums[lane]! += values[i + lane]!;
  }
  let sum = sums[0]! + sums[1]! + (sums[2]! + sums[3]!) + (sums[4]! + sums[5]! + (sums[6]! + sums[7]!));
  for (let i = whole; i < end; i++) sum += values[i]!;
  return sum;
}
