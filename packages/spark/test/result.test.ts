import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serialize } from "node:v8";
import { toPlainError } from "@assay/records/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Ack, checkAcks, checkAttempts, listResults, putResult, type Result, readResult } from "../src/result.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assay-result-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Puts bytes under the name that their digest gives them, as another attempt would. */
async function putBytes(unit: number, bytes: Uint8Array): Promise<string> {
  const digest = createHash("sha256").update(bytes).digest("hex");
  await writeFile(join(folder, `${unit}-${digest}`), bytes);
  return digest;
}

describe("putResult() and readResult()", () => {
  it("give a result back, and put the same one once", async () => {
    const output = { leaves: new Uint8Array([1, 2]), names: new Map([["a", 1n]]) };
    const ack = await putResult(folder, 3, { output });
    expect(await putResult(folder, 3, { output })).toEqual(ack);
    expect(await readdir(folder)).toEqual([`3-${ack.digest}`]);
    expect(await readResult(folder, 3, ack.digest)).toEqual({ output, bytes: ack.bytes });
  });

  it("readResult() refuses a result that is missing, truncated or altered", async () => {
    const { digest, bytes } = await putResult(folder, 0, { output: "some text" });
    const path = join(folder, `0-${digest}`);
    const refused = { name: "VerificationError", code: "artefact-mismatch" };
    await expect(readResult(folder, 1, digest)).rejects.toMatchObject(refused);
    await truncate(path, bytes - 1);
    await expect(readResult(folder, 0, digest)).rejects.toMatchObject(refused);
    await writeFile(path, serialize({ output: "some lies" }));
    await expect(readResult(folder, 0, digest)).rejects.toMatchObject(refused);
    await writeFile(path, serialize({ output: "some text" }));
    expect(await readResult(folder, 0, digest)).toMatchObject({ output: "some text" });
  });
});

describe("listResults()", () => {
  it("leaves out what killed attempts have left, and refuses what does not belong", async () => {
    expect(await listResults(join(folder, "none"))).toEqual(new Map());
    const { digest } = await putResult(folder, 2, { output: 1 });
    await writeFile(join(folder, "0123.partial"), "half");
    expect(await listResults(folder)).toEqual(new Map([[2, [digest]]]));
    await writeFile(join(folder, "notes.txt"), "");
    await expect(listResults(folder)).rejects.toMatchObject({ code: "artefact-mismatch" });
  });
});

describe("checkAcks()", () => {
  const ack = (unit: number, failed = false): Ack => ({ unit, digest: "00", bytes: 1, failed });

  it("puts acknowledgements in the order of the units", () => {
    expect(checkAcks([ack(1), ack(2), ack(0)], 3, 2).map((found) => found?.unit)).toEqual([0, 1, 2]);
  });

  it.each([
    ["missing", [ack(0), ack(2)], 1],
    ["doubled", [ack(0), ack(1), ack(2), ack(1)], 1],
    ["unknown", [ack(0), ack(1), ack(2), ack(3)], 3],
    ["not whole", [ack(0), ack(1), ack(0.5)], 0.5],
  ])("refuses a unit that is %s", (_, acks, unit) => {
    expect(() => checkAcks(acks, 3, 3)).toThrow(
      expect.objectContaining({ name: "VerificationError", code: "count-mismatch", details: { unit } }),
    );
  });

  it("lets units be missing behind an error of their bin, and nowhere else", () => {
    expect(checkAcks([ack(0, true), ack(1), ack(3)], 5, 2)[2]).toBeUndefined();
    // Unit 4 is in the other bin than unit 1, and in front of nothing.
    expect(() => checkAcks([ack(0), ack(1, true), ack(2)], 5, 2)).toThrow(/unit 4 of 5/);
    expect(() => checkAcks([ack(2, true)], 3, 2)).toThrow(/unit 0 of 3/);
  });
});

describe("checkAttempts()", () => {
  it("takes equal data in other bytes for the same result, and refuses different data", async () => {
    const ofHeldInteger = Buffer.from(serialize({ output: 5 }));
    // V8 writes 5 as an integer (I, zigzag) or, when it held it so, as a double (N): the same number.
    const ofHeldDouble = Buffer.concat([
      ofHeldInteger.subarray(0, ofHeldInteger.indexOf("I")),
      Buffer.from("N"),
      Buffer.from(new Float64Array([5]).buffer),
      ofHeldInteger.subarray(ofHeldInteger.indexOf("I") + 2),
    ]);
    const digests = [await putBytes(0, ofHeldInteger), await putBytes(0, ofHeldDouble)];
    expect(new Set(digests).size).toBe(2);
    for (const digest of digests) expect(await readResult(folder, 0, digest)).toMatchObject({ output: 5 });
    await checkAttempts(folder);

    const third = await putBytes(0, serialize({ output: 6 }));
    await expect(checkAttempts(folder)).rejects.toMatchObject({
      code: "artefact-mismatch",
      details: { unit: 0, digests: [...digests, third].sort() },
    });
  });

  it("compares errors without their stacks, and never takes an error for an output", async () => {
    const error = (message: string): Result => ({
      error: toPlainError(new Error("no", { cause: new Error(message) })),
    });
    const again = error("why") as { error: { stack: string } };
    await putResult(folder, 0, error("why"));
    await putResult(folder, 0, { error: { ...again.error, stack: "elsewhere" } } as Result);
    await checkAttempts(folder);
    await putResult(folder, 1, { output: undefined });
    await putResult(folder, 1, error("why"));
    await expect(checkAttempts(folder)).rejects.toMatchObject({ code: "artefact-mismatch", details: { unit: 1 } });
  });

  it("refuses an attempt whose bytes are not those of its name", async () => {
    await putResult(folder, 0, { output: 1 });
    await writeFile(join(folder, `0-${"0".repeat(64)}`), serialize({ output: 1 }));
    await expect(checkAttempts(folder)).rejects.toMatchObject({ code: "artefact-mismatch" });
  });
});
