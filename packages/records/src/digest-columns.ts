/** Columns from values at hand, where there is one for each file or member. */

import type { BytesColumn, TextColumn } from "./batch.js";

/** A column of bytes; `null` is absent. */
export function bytesColumn(name: string, values: readonly (Uint8Array | null)[]): BytesColumn {
  return { type: "bytes", ...stored(name, values) };
}

/** A column of texts, which are well-formed. */
export function textColumn(name: string, values: readonly (string | null)[]): TextColumn {
  const encoder = new TextEncoder();
  return {
    type: "text",
    ...stored(
      name,
      values.map((value) => (value === null ? null : encoder.encode(value))),
    ),
  };
}

function stored(name: string, values: readonly (Uint8Array | null)[]): Omit<BytesColumn, "type"> {
  const offsets = new Int32Array(values.length + 1);
  const bits = new Uint8Array((values.length + 7) >> 3);
  let size = 0;
  let present = 0;
  for (const [i, value] of values.entries()) {
    size += value?.length ?? 0;
    offsets[i + 1] = size;
    if (value === null) continue;
    bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7));
    present++;
  }
  const data = new Uint8Array(size);
  for (const [i, value] of values.entries()) if (value !== null) data.set(value, offsets[i] as number);
  return { name, length: values.length, validity: present === values.length ? null : bits, offsets, data };
}
