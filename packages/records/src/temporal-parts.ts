/** Counts of a unit as whole seconds, rounded down, and nanoseconds (`docs/spec/leaf-encoding.md`, `s` and `n`). */

import type { TemporalUnit } from "./column-type.js";

/** Of each unit, how many make a second. */
export const PER_SECOND: Readonly<Record<TemporalUnit, number>> = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 };

/** Writes the parts of `counts[begin, end)`. Values below 2⁵³ take the fast path, which is exact too. */
export function splitSeconds(
  counts: BigInt64Array | Int32Array,
  unit: TemporalUnit,
  seconds: BigInt64Array,
  nanoseconds: Int32Array,
): void {
  const perSecond = PER_SECOND[unit];
  const exact = BigInt(perSecond);
  const toNanoseconds = 1e9 / perSecond;
  const count = counts.length;
  for (let index = 0; index < count; index++) {
    const value = counts[index] as bigint | number;
    const number = Number(value);
    if (number >= -9007199254740991 && number <= 9007199254740991) {
      // The quotient may round up to the next integer; the remainder then tells.
      let whole = Math.floor(number / perSecond);
      let rest = number - whole * perSecond;
      if (rest < 0) {
        whole--;
        rest += perSecond;
      }
      seconds[index] = BigInt(whole);
      nanoseconds[index] = rest * toNanoseconds;
    } else {
      const wide = value as bigint;
      let whole = wide / exact;
      let rest = wide % exact;
      if (rest < 0n) {
        whole -= 1n;
        rest += exact;
      }
      seconds[index] = whole;
      nanoseconds[index] = Number(rest) * toNanoseconds;
    }
  }
}
