import { describe, expect, it } from "vitest";
import { RangeStream } from "../src/range-stream.js";

/** Reads without consuming anything, until there is more than a record may have. */
async function unread(size: number, readBytes: number, maxRecordBytes?: number): Promise<RangeStream> {
  const source = {
    path: "x.csv",
    size,
    read: async (begin: number, end: number) => new Uint8Array(end - begin).fill(97),
  };
  const stream = new RangeStream(source, {
    begin: 0,
    end: size,
    readBytes,
    ...(maxRecordBytes === undefined ? {} : { maxRecordBytes }),
  });
  while (!stream.final && stream.end - stream.begin <= (maxRecordBytes ?? size)) await stream.more();
  return stream;
}

describe("RangeStream", () => {
  it("holds no more of a record that is too long than shows it", async () => {
    for (const most of [1, 7, 100, 128, 1000]) {
      const stream = await unread(5000, 16, most);
      expect(stream.end - stream.begin).toBeGreaterThan(most);
      expect(stream.bytes.length).toBeLessThanOrEqual(most + 16);
    }
  });

  it("reads a record as long as it may be, in reads that double", async () => {
    const stream = await unread(1000, 16, 1000);
    expect(stream.final).toBe(true);
    expect(stream.end - stream.begin).toBe(1000);
  });
});
