/** One changed bit anywhere in what Assay wrote, or in the data, is seen: exit code 2 or 3, never 0 and never a crash. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkProof, proveRecord, quarantineFolder, verifyFolder } from "@assay/assay/node";
import { exitCodeOf } from "@assay/merkle";
import { beforeAll, describe, expect, test } from "vitest";
import { assay, everythingIn, expectRefusal, filesIn, temporaryFolders } from "./command.js";
import { repeatedCsv } from "./data.js";

const folders = temporaryFolders();
let cwd = "";
const at = (...names: string[]): string => join(cwd, ...names);

beforeAll(async () => {
  cwd = folders();
  writeFileSync(at("train.csv"), repeatedCsv(8, 1));
  expect(await assay(cwd, ["keygen", "-o", "release"])).toMatchObject({ exitCode: 0 });
  const options = ["--label", "label", "--checks", "exact-duplicates", "--key", "release.pem"];
  const plain = await assay(cwd, ["run", "train.csv", ...options.slice(0, 4), "-o", "plain.assay"]);
  expect(plain, plain.stderr).toMatchObject({ exitCode: 0 });
  const ran = await assay(cwd, ["run", "train.csv", ...options]);
  expect(ran, ran.stderr).toMatchObject({ exitCode: 0 });
});

const verify = (data: boolean): Promise<{ exitCode: number; code: string }> =>
  verifyFolder(at("train.assay"), { trust: at("release.pub.pem"), noData: !data, workers: 1 });

/** The exit code that a promise ends with, however it ends. */
async function endOf(result: Promise<{ readonly exitCode?: number }>): Promise<number> {
  try {
    return (await result).exitCode ?? 0;
  } catch (error) {
    return exitCodeOf(error);
  }
}

/** Changes one bit of a file at a time; gives the places where what `look` says is neither 2 nor 3. */
async function unseenFlips(path: string, look: () => Promise<number>, step = 1): Promise<string[]> {
  const good = readFileSync(path);
  const unseen: string[] = [];
  try {
    for (let index = 0; index < good.length; index += step) {
      const bad = Uint8Array.from(good);
      // Another bit each time, so that letters change case, digits change and bytes stop being UTF-8.
      bad[index] = (bad[index] as number) ^ (1 << ((index * 3) % 8));
      writeFileSync(path, bad);
      const exitCode = await look();
      if (exitCode !== 2 && exitCode !== 3) unseen.push(`byte ${index}: exit code ${exitCode}`);
    }
  } finally {
    writeFileSync(path, good);
  }
  return unseen;
}

describe("a changed bit is seen by verify", () => {
  test("nothing was changed: trusted, exit code 0", async () => {
    expect(await verify(true)).toMatchObject({ exitCode: 0, code: "ok" });
  });

  test("in every byte of manifest, entries, findings, sketches, tiles and pages", async () => {
    const names = filesIn(at("train.assay")).filter(
      (name) => !/^(report|seen|statements|attestations|signers)/.test(name),
    );
    expect(names.join(" ")).toMatch(
      /files\.jsonl findings\.jsonl manifest\.json set\/root\.page sketches\.arrow tiles/,
    );
    // Without signatures each look is quick, so every byte has its turn; with them, every eleventh.
    const plain = () => endOf(verifyFolder(at("plain.assay"), { noData: true, workers: 1 }));
    expect(await plain()).toBe(0);
    for (const name of names) {
      expect(await unseenFlips(at("plain.assay", name), plain), name).toEqual([]);
      expect(await unseenFlips(at("train.assay", name), () => endOf(verify(false)), 11), name).toEqual([]);
    }
  });

  test("in the statements and in the envelopes as we write them", async () => {
    for (const name of ["statements.jsonl", "attestations.intoto.jsonl"]) {
      const step = Math.ceil(readFileSync(at("train.assay", name)).length / 150) | 1;
      expect(await unseenFlips(at("train.assay", name), () => endOf(verify(false)), step), name).toEqual([]);
    }
  });

  test("in the data", async () => {
    expect(await unseenFlips(at("train.csv"), () => endOf(verify(true)), 7)).toEqual([]);
  });

  test("in a file that is there no more, or one too many", async () => {
    for (const name of [
      "files.jsonl",
      "findings.jsonl",
      "sketches.arrow",
      "attestations.intoto.jsonl",
      "statements.jsonl",
    ]) {
      const bytes = readFileSync(at("train.assay", name));
      rmSync(at("train.assay", name));
      expect([2, 3], name).toContain(await endOf(verify(false)));
      writeFileSync(at("train.assay", name), bytes);
    }
    expect(await endOf(verify(false))).toBe(0);
  });

  test("and told by the command with one line and exit code 2", async () => {
    const good = readFileSync(at("train.csv"));
    const bad = Uint8Array.from(good);
    bad[40] = (bad[40] as number) ^ 1;
    writeFileSync(at("train.csv"), bad);
    const result = await assay(cwd, ["verify", "train.assay", "--json"]);
    writeFileSync(at("train.csv"), good);
    expectRefusal(result, 2, "bytes-mismatch", "train.csv");
    expect(result.json()).toMatchObject({ data: "checked" });
  });
});

test("checkProof() refuses a proof of inclusion, presence or absence with any byte changed", async () => {
  const first = (readFileSync(at("train.csv"), "utf8").split("\n")[3] as string).split(",");
  const record = { id: Number(first[0]), size: Number(first[1]), weight: Number(first[2]), label: first[3] };
  writeFileSync(at("present.json"), JSON.stringify(record));
  writeFileSync(at("absent.json"), JSON.stringify({ ...record, id: 999 }));
  const manifest = at("train.assay/manifest.json");
  for (const [name, asked, options] of [
    ["inclusion", "present", { file: "train.csv", record: 2 }],
    ["presence", "present", { present: at("present.json") }],
    ["absence", "absent", { absent: at("absent.json") }],
  ] as const) {
    const proof = at(`${name}.proof`);
    await proveRecord(at("train.assay"), { ...options, output: proof, workers: 1 });
    const check = () =>
      endOf(checkProof(proof, { manifest, record: at(`${asked}.json`) }).then(() => ({ exitCode: 0 })));
    expect(await check(), name).toBe(0);
    expect(await unseenFlips(proof, check), name).toEqual([]);
    // The proof is about the record that is asked about, and about no other.
    writeFileSync(at("other.json"), JSON.stringify({ ...record, weight: 0.25 }));
    const other = checkProof(proof, { manifest, record: at("other.json") }).then(() => ({ exitCode: 0 }));
    expect(await endOf(other), name).toBe(2);
  }
});

describe("quarantine takes nothing out on findings that were", () => {
  const changes: readonly [string, (lines: string[]) => string[]][] = [
    ["shortened by a line", (lines) => lines.slice(1)],
    ["lengthened by a line", (lines) => [...lines.slice(0, -1), lines[0] as string, ""]],
    ["edited", (lines) => lines.map((line) => line.replace('"ordinal":8', '"ordinal":7'))],
    ["emptied", () => [""]],
  ];
  test.each(changes)("%s", async (_, change) => {
    const path = at("train.assay/findings.jsonl");
    const good = readFileSync(path, "utf8");
    const lines = good.split("\n");
    expect(change(lines)).not.toEqual(lines);
    writeFileSync(path, change(lines).join("\n"));
    const before = everythingIn(cwd);
    const refused = quarantineFolder(at("train.assay"), { output: at("clean"), severity: "low", workers: 1 });
    await expect(refused).rejects.toMatchObject({ name: "VerificationError", code: "artefact-mismatch" });
    writeFileSync(path, good);
    expect(everythingIn(cwd)).toEqual(before);
  });

  test("removed, and the command says so", async () => {
    const path = at("train.assay/findings.jsonl");
    const good = readFileSync(path);
    rmSync(path);
    const result = await assay(cwd, ["quarantine", "train.assay", "-o", "clean", "--severity", "low", "--json"]);
    writeFileSync(path, good);
    expectRefusal(result, 2, "artefact-mismatch", "findings.jsonl");
  });
});
