/** Which of many values are the greatest, without sorting them. */

import { selectRank } from "./quantiles.js";

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
  const border = selectRank(values.slice(), values.length - count);
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
