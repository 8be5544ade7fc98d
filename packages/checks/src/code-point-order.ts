/** Order of texts by code point, which is the order of their UTF-8 bytes; JavaScript's own differs above U+FFFF. */

/**
 * Compares two texts by code point: negative, 0 or positive.
 *
 * @example
 * compareTexts("\uffee", "😀") < 0; // true, although "\uffee" > "😀" in JavaScript
 */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all other units. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}
