/** Which unquoted CSV fields are null: the empty one and those that were named (`docs/spec/manifest.md`, "CSV"). */

/** The named texts as bytes. */
export function encodeNulls(nullValues: readonly string[]): readonly Uint8Array[] {
  const encoder = new TextEncoder();
  return nullValues.map((text) => encoder.encode(text));
}

/** Whether the unquoted field `bytes[begin, end)` is null. */
export function isNullField(bytes: Uint8Array, begin: number, end: number, nulls: readonly Uint8Array[]): boolean {
  if (begin === end) return true;
  for (const text of nulls) {
    if (text.length !== end - begin) continue;
    let i = 0;
    while (i < text.length && text[i] === bytes[begin + i]) i++;
    if (i === text.length) return true;
  }
  return false;
}
