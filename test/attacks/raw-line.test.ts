import { buildManifest, proveLeaves, proveRecord, verifyLeaves, verifyRecordProof } from "@assay/manifest";
import { isAssayError, toHex } from "@assay/merkle";
import { readJsonRecord, scanSource, sourceOfBytes } from "@assay/records";
import { describe, expect, test } from "vitest";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

async function build(path: string, bytes: Uint8Array, leafFormat: "assay-record/v1" | "raw/v1") {
  const source = await sourceOfBytes("letters", [{ path, bytes, format: "jsonl" }]);
  return buildManifest(await scanSource(source, { leafFormat }), { leafFormat });
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return isAssayError(error) ? error.code : String(error);
  }
  return "none";
}

describe("a raw line that equals a record's bytes passed off as that record", () => {
  test("the leaf and the set root are equal, and still no proof and no head crosses over", async () => {
    const honest = await build("data.jsonl", utf8('{"a":"x"}\n'), "assay-record/v1");
    const [reading] = readJsonRecord('{"a":"x"}', { types: {}, schemas: [{ a: "text" }] });
    const { recordBytes, leaf } = reading as { recordBytes: Uint8Array; leaf: Uint8Array };
    const line = new Uint8Array([...recordBytes, 10]);
    const raw = await build("data.jsonl", line, "raw/v1");

    expect(toHex(raw.leaves[0] as Uint8Array)).toBe(toHex(leaf));
    expect(toHex(raw.set.root)).toBe(toHex(honest.set.root));
    expect(raw.setHead).not.toBe(honest.setHead);
    expect(raw.datasetHead).not.toBe(honest.datasetHead);

    const lie = await proveRecord(raw, "data.jsonl", 0);
    expect(codeOf(() => verifyRecordProof(lie, honest.header, { record: recordBytes }))).toBe("leaf-format-mismatch");
    expect(
      codeOf(() =>
        verifyRecordProof({ ...lie, entry: { ...lie.entry, leafFormat: "assay-record/v1" } }, honest.header, {
          record: recordBytes,
        }),
      ),
    ).toMatch(/leaf-mismatch|root-mismatch|malformed-entry/);
    const present = await proveLeaves(honest, leaf);
    expect(verifyLeaves(present.proof, honest.header, leaf)).toBe(1);
  });
});
