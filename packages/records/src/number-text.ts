/**
 * Numbers as text by their value: whatever type held a number, equal values have equal texts. Integers of 64 bits have all
 * their digits, doubles the shortest digits that read back as them, decimals that are no double their own digits.
 */

const TWO_64 = 1n << 64n;

/** A double. */
export function doubleText(value: number): string {
  if (Number.isSafeInteger(value)) return value === 0 ? "0" : String(value);
  return Number.isInteger(value) ? integerText(BigInt(value)) : String(value);
}

/** An integer of any size. */
export function integerText(value: bigint): string {
  if (value < TWO_64 && value >= -TWO_64) return String(value);
  const nearest = Number(value);
  return Number.isFinite(nearest) && BigInt(nearest) === value ? String(nearest) : String(value);
}

/** `unscaled` · 10^−`scale`. */
export function decimalText(unscaled: bigint, scale: number): string {
  let digits = unscaled;
  let exponent = unscaled === 0n ? 0 : scale;
  while (exponent > 0 && digits % 10n === 0n) {
    digits /= 10n;
    exponent--;
  }
  if (exponent === 0) return integerText(digits);
  const power = 5n ** BigInt(exponent);
  if (digits % power === 0n) {
    const quotient = Number(digits / power);
    if (BigInt(quotient) === digits / power) return String(quotient / 2 ** exponent);
  }
  return pointedText(digits, exponent);
}

/** Digits with a point: 150 and 2 are `1.50`. */
export function pointedText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}
