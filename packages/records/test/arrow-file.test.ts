import { tableFromIPC } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { fromArrowFile, toArrowFile } from "../src/arrow.js";
import type { Batch } from "../src/batch.js";
import { recordsOf } from "./fixture-records.js";

const batch = (...numbers: number[]): Batch => ({
  length: numbers.length,
  columns: [
    { name: "n", type: "int32", length: numbers.length, validity: null, values: Int32Array.from(numbers) },
    {
      name: "t",
      type: "text",
      length: numbers.length,
      validity: null,
      offsets: Int32Array.from({ length: numbers.length + 1 }, (_, i) => i),
      data: new Uint8Array(numbers.length).fill(0x61),
    },
  ],
});

describe("toArrowFile() and fromArrowFile()", () => {
  test("are inverses, batch by batch", async () => {
    const { columns, batches } = await fromArrowFile("x.arrow", toArrowFile([batch(1, 2), batch(3)]));
    expect(columns).toEqual(["n", "t"]);
    expect(batches.flatMap(recordsOf)).toEqual([batch(1, 2), batch(3)].flatMap(recordsOf));
  });
  test("write the same bytes for the same records, and what apache-arrow reads", () => {
    expect(toArrowFile([batch(1, 2)])).toEqual(toArrowFile([batch(1, 2)]));
    expect(
      tableFromIPC(toArrowFile([batch(1, 2)]))
        .getChild("n")
        ?.toArray(),
    ).toEqual(Int32Array.of(1, 2));
  });
  test("refuse no batch, damaged bytes and more columns than may be", async () => {
    expect(() => toArrowFile([])).toThrow(RangeError);
    const bytes = toArrowFile([batch(1)]);
    await expect(fromArrowFile("x.arrow", bytes.slice(0, -3))).rejects.toMatchObject({ code: "bad-arrow" });
    await expect(fromArrowFile("x.arrow", bytes, { maxColumns: 1 })).rejects.toMatchObject({ code: "limit-exceeded" });
  });
});
