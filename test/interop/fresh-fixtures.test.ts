/**
 * Archives and arrays that their tools have just written have the records of those that are committed: `make.py` beside the
 * fixtures is run again, with the Python that ASSAY_INTEROP_PYTHON names; without it these tests fail.
 */

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSet, toHex } from "@assay/merkle";
import { hashSource, scanSource } from "@assay/records";
import { openSource } from "@assay/records/node";
import { afterAll, describe, expect, it } from "vitest";

const python = process.env.ASSAY_INTEROP_PYTHON ?? "";
const fixtures = join(import.meta.dirname, "../fixtures");
const fresh = mkdtempSync(join(tmpdir(), "assay-fresh-"));
afterAll(() => rmSync(fresh, { recursive: true, force: true }));

async function setOf(path: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const { leaves } of hashSource(await scanSource(await openSource([path])))) pieces.push(leaves);
  return toHex(buildSet(new Uint8Array(Buffer.concat(pieces))).root);
}

describe.each([
  ["tar", /\.tar$/, 7],
  ["arrays", /\.(?:npy|npz|safetensors)$/, 23],
] as const)("%s, written again", (name, isData, count) => {
  it("has the same records in every file", async () => {
    expect(python, "set ASSAY_INTEROP_PYTHON to a Python with the packages of requirements.txt").not.toBe("");
    mkdirSync(join(fresh, name));
    copyFileSync(join(fixtures, name, "make.py"), join(fresh, name, "make.py"));
    execFileSync(python, [join(fresh, name, "make.py")]);
    const files = readdirSync(join(fresh, name)).filter((file) => isData.test(file));
    expect(files.length).toBe(count);
    for (const file of files)
      expect(await setOf(join(fresh, name, file)), file).toBe(await setOf(join(fixtures, name, file)));
  });
});
