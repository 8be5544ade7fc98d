import { fromHex, toHex } from "@assay/merkle";
import { BLOCK_RECORDS, leafOf, type Source, saltOf, scanSource, sourceOfBytes } from "@assay/records";
import { beforeAll, describe, expect, it } from "vitest";
import { type BuiltManifest, buildManifest } from "../src/build.js";
import { blockRoots } from "../src/kept.js";
import { type ProvenRecord, type VerifiedRecordsOptions, verifiedRecords } from "../src/verified-records.js";
import { buildText, textFiles } from "./sources.js";
import { codeOf } from "./vectors.js";

const files = { "a.csv": "n,t\n1,x\n2,\n2,y\n", "b/c.jsonl": '{"n":3,"t":"z"}\n{"n":4.5,"list":[1,2]}\n' };
let built: BuiltManifest;
beforeAll(async () => {
  ({ built } = await buildText(files));
});

const sourceOfText = (texts: Record<string, string>): Promise<Source> =>
  sourceOfBytes(
    "tiny",
    [...textFiles(texts)].map(([path, bytes]) => ({ path, bytes })),
  );

/** What was yielded before the end, or before the error. */
async function drain(records: AsyncIterable<ProvenRecord>): Promise<{ proven: ProvenRecord[]; error?: unknown }> {
  const proven: ProvenRecord[] = [];
  try {
    for await (const record of records) proven.push(record);
    return { proven };
  } catch (error) {
    return { proven, error };
  }
}

const load = async (texts: Record<string, string>, options: VerifiedRecordsOptions = {}) =>
  drain(verifiedRecords(built.header, built.entries, await sourceOfText(texts), options));

describe("verifiedRecords()", () => {
  it("yields every record in file and record order, with its value and a leaf that its bytes have", async () => {
    const { proven } = await load(files);
    expect(proven.map(({ file, ordinal }) => `${file} ${ordinal}`)).toEqual([
      "a.csv 0",
      "a.csv 1",
      "a.csv 2",
      "b/c.jsonl 0",
      "b/c.jsonl 1",
    ]);
    expect(proven.map((record) => record.value())).toEqual([
      { n: 1, t: "x" },
      { n: 2 },
      { n: 2, t: "y" },
      { n: 3, t: "z" },
      { n: 4.5, list: [1, 2] },
    ]);
    for (const { leaf, bytes } of proven) expect(toHex(leaf)).toBe(toHex(leafOf(bytes)));
  });

  it("reads only the files that are asked for, and only while records are asked for", async () => {
    const { proven } = await load({ "b/c.jsonl": files["b/c.jsonl"] }, { only: ["b/**"] });
    expect(proven.map(({ ordinal }) => ordinal)).toEqual([0, 1]);
    await expect(load(files, { only: ["*.parquet"] }).then(({ error }) => Promise.reject(error))).rejects.toThrow(
      /only: no file of the manifest matches "\*\.parquet"/,
    );
    // The second file is a lie; who stops after the first never sees it.
    const source = await sourceOfText({ ...files, "b/c.jsonl": "{}\n" });
    let seen = 0;
    for await (const _ of verifiedRecords(built.header, built.entries, source)) if (++seen === 3) break;
    expect(seen).toBe(3);
  });

  it.each([
    ["a value", { "a.csv": "n,t\n1,x\n9,\n2,y\n" }, "bytes-mismatch", 0],
    ["a quote", { "a.csv": 'n,t\n1,x\n2,\n2,"y"\n' }, "bytes-mismatch", 0],
    ["what is no CSV any more", { "a.csv": 'n,t\n1,x\n2,"\n2,y\n' }, "bytes-mismatch", 0],
    ["a record too many at the end", { "a.csv": "n,t\n1,x\n2,\n2,y\n2,y\n" }, "bytes-mismatch", 0],
    ["the second file", { "b/c.jsonl": '{"n":3,"t":"z"}\n{"n":4.5,"list":[2,1]}\n' }, "bytes-mismatch", 3],
  ])("stops at the first lie: %s", async (_, change, code, before) => {
    const { proven, error } = await load({ ...files, ...change });
    expect(error).toMatchObject({ name: "VerificationError", code });
    expect(proven).toHaveLength(before);
  });

  it("misses a file, and reads none that the manifest does not name", async () => {
    const { proven, error } = await load({ "a.csv": files["a.csv"], "b/d.csv": "n\n1\n" });
    expect(error).toMatchObject({ code: "file-missing", details: { path: "b/c.jsonl" } });
    expect(proven).toHaveLength(3);
  });

  it("yields nothing of a manifest whose records root is another than that of its bytes, by blocks", async () => {
    const entry = { ...built.entries[0]!, root: "ab".repeat(32) };
    const source = await sourceOfText(files);
    const blocksOf = async () => fromHex(entry.root);
    const lied = await drain(verifiedRecords(built.header, [entry], source, { blocksOf }));
    expect(lied.error).toMatchObject({ code: "records-root-mismatch" });
    expect(lied.proven).toHaveLength(0);
    const unseen = await drain(verifiedRecords(built.header, [entry], source));
    expect(unseen.error).toMatchObject({ code: "records-root-mismatch" });
  });

  it("needs the key of keyed leaves, and no other", async () => {
    const leafKey = new Uint8Array(32).fill(1);
    const { built: keyed, source } = await buildText(files, { leafKey });
    const read = (options: VerifiedRecordsOptions) =>
      drain(verifiedRecords(keyed.header, keyed.entries, source, options));
    expect((await read({})).error).toMatchObject({ code: "leaf-key-missing" });
    expect((await read({ leafKey: new Uint8Array(32) })).error).toMatchObject({ code: "leaf-key-mismatch" });
    const { proven } = await read({ leafKey });
    expect(proven).toHaveLength(5);
    expect(toHex(proven[0]!.leaf)).toBe(toHex(leafOf(proven[0]!.bytes, saltOf(proven[0]!.bytes, leafKey))));
  });

  it("yields lines of raw/v1 as they are", async () => {
    const source = await sourceOfText({ "a.jsonl": '{"b": 1}\n\n' });
    const raw = await buildManifest(await scanSource(source, { leafFormat: "raw/v1" }));
    const { proven } = await drain(verifiedRecords(raw.header, raw.entries, source));
    expect(proven.map((record) => record.value())).toEqual(['{"b": 1}', ""]);
  });

  it("proves block by block where block roots are known: what comes before the lie is yielded, in any format", async () => {
    const lines = Array.from({ length: 2 * BLOCK_RECORDS + 10 }, (_, i) => `${i},t${i % 7}`);
    const text = (rows: readonly string[]) => `n,t\n${rows.join("\n")}\n`;
    const source = await sourceOfText({ "big.csv": text(lines) });
    const big = await buildManifest(await scanSource(source));
    const leaves = new Uint8Array(32 * lines.length);
    for (const [i, { leaf }] of (await drain(verifiedRecords(big.header, big.entries, source))).proven.entries())
      leaves.set(leaf, 32 * i);
    const blocksOf = async () => blockRoots(leaves);
    const read = async (rows: readonly string[]) =>
      drain(verifiedRecords(big.header, big.entries, await sourceOfText({ "big.csv": text(rows) }), { blocksOf }));

    const requoted = await read(lines.map((line) => line.replace(/,(.*)/, ',"$1"')));
    expect(requoted.error).toBeUndefined();
    expect(requoted.proven).toHaveLength(lines.length);

    const changed = lines.with(BLOCK_RECORDS + 5, "0,lie");
    const stopped = await read(changed);
    expect(stopped.proven).toHaveLength(BLOCK_RECORDS);
    expect(stopped.error).toMatchObject({
      code: "records-root-mismatch",
      details: { block: { begin: BLOCK_RECORDS, end: 2 * BLOCK_RECORDS } },
    });
    const shorter = await read(lines.slice(0, -1));
    expect(shorter.error).toMatchObject({ code: "records-root-mismatch" });
    expect(shorter.proven).toHaveLength(2 * BLOCK_RECORDS);
    const whole = await read(lines.slice(0, BLOCK_RECORDS));
    expect(whole.error).toMatchObject({ code: "records-root-mismatch" });
    expect((await read([...lines, "1,t"])).error).toMatchObject({ code: "records-root-mismatch" });
  });

  it("stops when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    expect(await codeOf(async () => Promise.reject((await load(files, { signal })).error)).catch(String)).toContain(
      "enough",
    );
  });
});
