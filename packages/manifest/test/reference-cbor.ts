/** Deterministic CBOR of a flat map, transcribed from RFC 8949 §4.2.1. */
export function cborMap(fields: [string, string | number | Buffer][]): Buffer {
  const head = (major: number, value: number): Buffer => {
    if (value < 24) return Buffer.from([(major << 5) | value]);
    for (const [info, size] of [
      [24, 1],
      [25, 2],
      [26, 4],
    ] as const) {
      if (value < 2 ** (8 * size)) {
        const out = Buffer.alloc(1 + size);
        out[0] = (major << 5) | info;
        out.writeUIntBE(value, 1, size);
        return out;
      }
    }
    const out = Buffer.alloc(9);
    out[0] = (major << 5) | 27;
    out.writeBigUInt64BE(BigInt(value), 1);
    return out;
  };
  const item = (value: string | number | Buffer): Buffer => {
    if (typeof value === "number") return head(0, value);
    const bytes = Buffer.from(value as string);
    return Buffer.concat([head(typeof value === "string" ? 3 : 2, bytes.length), bytes]);
  };
  const pairs = fields.map(([name, value]) => [item(name), item(value)] as const);
  pairs.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([head(5, pairs.length), ...pairs.flat()]);
}
