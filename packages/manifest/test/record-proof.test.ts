import { formatProof, fromHex, toHex } from "@assay/merkle";
import { describe, expect, it } from "vitest";
import { parseRecordProof, type RecordProof, verifyRecordProof } from "../src/record-proof.js";
import { codeOf, readVectors } from "./vectors.js";

const vectors = readVectors("record-proofs.json");

interface Vector {
  why?: string;
  head: { files: number; root: string; leafFormat: "assay-record/v1" | "raw/v1"; leafKey?: string };
  recordBytes: string;
  leafKey?: string;
  leaf: string;
  proof: RecordProof;
  error: string;
}

function headerOf({ head }: Vector) {
  return {
    leaf: { format: head.leafFormat, ...(head.leafKey === undefined ? {} : { keyId: head.leafKey }) },
    dataset: { files: head.files, root: head.root },
  };
}

function optionsOf({ recordBytes, leafKey }: Vector) {
  return { record: fromHex(recordBytes), ...(leafKey === undefined ? {} : { leafKey: fromHex(leafKey) }) };
}

describe("verifyRecordProof()", () => {
  it.each(vectors.valid as Vector[])("accepts vector %#", (vector) => {
    const verified = verifyRecordProof(
      parseRecordProof(formatProof(vector.proof)),
      headerOf(vector),
      optionsOf(vector),
    );
    expect(toHex(verified.leaf)).toBe(vector.leaf);
    expect(verified.path).toBe(vector.proof.entry.path);
    expect(verified.ordinal).toBe(vector.proof.record.index);
    expect(verified.confirmed).toBe(true);
  });

  it.each(vectors.invalid as Vector[])("refuses $why as $error", async (vector) => {
    const run = () =>
      verifyRecordProof(parseRecordProof(formatProof(vector.proof)), headerOf(vector), optionsOf(vector));
    expect(await codeOf(run)).toBe(vector.error);
    try {
      run();
    } catch (error) {
      expect((error as Error).name).toBe("VerificationError");
    }
  });

  it("answers without confirming when the caller holds no record", async () => {
    const vector = vectors.valid[0] as Vector;
    const verified = verifyRecordProof(vector.proof, headerOf(vector));
    expect(verified.confirmed).toBe(false);
    expect(toHex(verified.leaf)).toBe(vector.leaf);
    expect(verifyRecordProof(vector.proof, headerOf(vector), { leaf: fromHex(vector.leaf) }).confirmed).toBe(true);
    expect(await codeOf(() => verifyRecordProof(vector.proof, headerOf(vector), { leaf: new Uint8Array(32) }))).toBe(
      "leaf-mismatch",
    );
  });

  it("takes one of several readings of a record", async () => {
    const vector = vectors.valid[0] as Vector;
    const record = fromHex(vector.recordBytes);
    expect(
      verifyRecordProof(vector.proof, headerOf(vector), { record: [new Uint8Array([0xa0]), record] }).confirmed,
    ).toBe(true);
    expect(await codeOf(() => verifyRecordProof(vector.proof, headerOf(vector), { record: [] }))).toBe("leaf-mismatch");
  });

  it("refuses a proof file with any byte flipped", () => {
    const vector = vectors.valid[3] as Vector;
    const bytes = formatProof(vector.proof);
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.slice();
      damaged[i]! ^= 1 << (i % 8);
      let error: unknown;
      try {
        verifyRecordProof(parseRecordProof(damaged), headerOf(vector), optionsOf(vector));
      } catch (caught) {
        error = caught;
      }
      expect((error as Error | undefined)?.name, `byte ${i}`).toBe("VerificationError");
    }
  });
});
