/** Attacks that must fail, each against the command or the public interface that a person would rely on. */

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkProof, compareDataSets, proveRecord, quarantineFolder, verifyFolder } from "@assay/assay/node";
import { beforeAll, describe, expect, test } from "vitest";
import { assay, type CommandResult, everythingIn, temporaryFolders } from "../end-to-end/command.js";
import { cleanCsv, repeatedCsv, seededNumbers } from "../end-to-end/data.js";

const folders = temporaryFolders();
let cwd = "";
const at = (...names: string[]): string => join(cwd, ...names);
const AT = "2030-01-01T00:00:00Z";

async function ok(...args: string[]): Promise<CommandResult> {
  const result = await assay(cwd, args);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  return result;
}

const keyOf = (name: string, from = "2020-01-01T00:00:00Z", rest: object = {}): object => ({
  spki: readFileSync(at(`${name}.pub.pem`), "utf8"),
  from,
  ...rest,
});

interface Said {
  readonly people: Readonly<Record<string, { readonly roles: readonly string[]; readonly keys: readonly object[] }>>;
  readonly require?: readonly object[];
  readonly checks?: object;
}

function policy(name: string, { people, require = [], checks }: Said): string {
  writeFileSync(at(name), JSON.stringify({ format: "assay-policy/v1", people, require, ...(checks && { checks }) }));
  return at(name);
}

const MANIFEST = "dataset-manifest/v1";
const CHECKED = "check-run/v1";

beforeAll(async () => {
  cwd = folders();
  writeFileSync(at("train.csv"), repeatedCsv(30, 2));
  for (const name of ["alice", "alice-2", "bob"]) await ok("keygen", "-o", name);
  const checking = ["--label", "label", "--exclude", "id", "--checks", "exact-duplicates,conflicting-duplicates"];
  await ok("run", "train.csv", ...checking, "--key", "alice.pem");
});

const verify = (options: object, folder = "train.assay"): Promise<{ exitCode: number; code: string }> =>
  verifyFolder(at(folder), { noData: true, at: AT, ...options });

describe("a trust policy", () => {
  const alice = () => ({ roles: ["producer"], keys: [keyOf("alice"), keyOf("alice-2")] });
  const bob = () => ({ roles: ["producer"], keys: [keyOf("bob")] });
  const two = [{ predicate: MANIFEST, role: "producer", people: 2 }];

  test("does not count one person with two keys as two people", async () => {
    cpSync(at("train.assay"), at("both.assay"), { recursive: true });
    await ok("sign", "both.assay", "--key", "alice-2.pem", "--role", "producer");
    const wanted = policy("two.json", { people: { alice: alice(), bob: bob() }, require: two });
    expect(await verify({ policy: wanted }, "both.assay")).toMatchObject({ exitCode: 3, code: "threshold-not-met" });
    await ok("sign", "both.assay", "--key", "bob.pem", "--role", "producer");
    expect(await verify({ policy: wanted }, "both.assay")).toMatchObject({ exitCode: 0 });
  });

  test("is not met once the envelopes are deleted", async () => {
    const one = [{ predicate: MANIFEST, role: "producer", people: 1 }];
    const wanted = policy("one.json", { people: { alice: alice() }, require: one });
    expect(await verify({ policy: wanted })).toMatchObject({ exitCode: 0 });
    cpSync(at("train.assay"), at("stripped.assay"), { recursive: true });
    rmSync(at("stripped.assay/attestations.intoto.jsonl"));
    expect((await verify({ policy: wanted }, "stripped.assay")).exitCode).toBe(3);
    rmSync(at("stripped.assay/statements.jsonl"));
    expect([2, 3]).toContain((await verify({ policy: wanted }, "stripped.assay")).exitCode);
  });

  test("inside the judged folder is refused", async () => {
    cpSync(at("train.assay"), at("own.assay"), { recursive: true });
    const inside = policy("own.assay/policy.json", { people: { alice: alice() } });
    const result = await assay(cwd, ["verify", "own.assay", "--policy", inside, "--no-data", "--json"]);
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toMatch(/policy/);
  });

  test("is not met by swapped key ids, repeated signatures or changed base64", async () => {
    const wanted = policy("pair.json", { people: { alice: alice(), bob: bob() }, require: two });
    const path = at("forged.assay/attestations.intoto.jsonl");
    type Envelope = { signatures: { keyid: string; sig: string }[] };
    const forge = async (change: (envelope: Envelope) => void): Promise<number> => {
      rmSync(at("forged.assay"), { recursive: true, force: true });
      cpSync(at("train.assay"), at("forged.assay"), { recursive: true });
      const lines = readFileSync(path, "utf8").trim().split("\n");
      const forged = lines.map((line) => {
        const envelope = JSON.parse(line) as Envelope;
        change(envelope);
        return JSON.stringify(envelope);
      });
      writeFileSync(path, `${forged.join("\n")}\n`);
      return (await verify({ policy: wanted }, "forged.assay")).exitCode;
    };
    const bobId = (JSON.parse((await ok("keygen", "-o", "carol", "--json")).stdout) as { keyId: string }).keyId;
    const first = (envelope: Envelope) => envelope.signatures[0] as { keyid: string; sig: string };
    for (const change of [
      (envelope: Envelope) => envelope.signatures.push({ ...first(envelope) }),
      (envelope: Envelope) => Object.assign(first(envelope), { keyid: bobId }),
      (envelope: Envelope) => Object.assign(first(envelope), { sig: `${first(envelope).sig} ` }),
      (envelope: Envelope) => Object.assign(first(envelope), { sig: first(envelope).sig.replace(/^./, "A") }),
      (envelope: Envelope) => Object.assign(first(envelope), { sig: first(envelope).sig.replace(/=+$/, "") }),
    ])
      expect([2, 3]).toContain(await forge((envelope) => void change(envelope)));
  });

  test("is not met by a green run that excluded the poisoned column", async () => {
    const checks = { mustComplete: [], maxFindings: {}, mayExclude: [] as string[] };
    const people = { alice: alice() };
    const require = [{ predicate: CHECKED, role: "producer", people: 1 }];
    const strict = policy("strict.json", { people, require, checks });
    expect(await verify({ policy: strict })).toMatchObject({ exitCode: 1, code: "excluded-column" });
    const may = policy("may.json", { people, require, checks: { ...checks, mayExclude: ["id"] } });
    expect(await verify({ policy: may })).toMatchObject({ exitCode: 0 });
  });

  test("judges findings, completed checks, age, expiry and revocation", async () => {
    const one = (extra: object = {}) => [{ predicate: CHECKED, role: "producer", people: 1, ...extra }];
    const checks = { mustComplete: ["exact-duplicates"], maxFindings: { low: 100 }, mayExclude: ["id"] };
    const people = { alice: alice() };
    const judged = async (name: string, said: Said, options: object = {}): Promise<[number, string]> => {
      const { exitCode, code } = await verify({ policy: policy(name, said), ...options });
      return [exitCode, code];
    };
    expect(await judged("1.json", { people, require: one(), checks })).toEqual([0, "ok"]);
    expect(await judged("2.json", { people, require: one(), checks: { ...checks, maxFindings: { low: 0 } } })).toEqual([
      1,
      "too-many-findings",
    ]);
    const missing = { ...checks, mustComplete: ["outliers"] };
    expect(await judged("3.json", { people, require: one(), checks: missing })).toEqual([1, "check-not-completed"]);
    expect(await judged("4.json", { people, require: one({ notOlderThanDays: 1 }) })).toEqual([3, "stale-statement"]);
    const until = {
      alice: { roles: ["producer"], keys: [keyOf("alice", "2020-01-01T00:00:00Z", { until: "2029-01-01T00:00:00Z" })] },
    };
    expect((await judged("5.json", { people: until, require: one() }))[0]).toBe(3);
    expect(await judged("5.json", { people: until, require: one() }, { at: "2028-01-01" })).toEqual([0, "ok"]);
    const revoked = {
      alice: {
        roles: ["producer"],
        keys: [keyOf("alice", "2020-01-01T00:00:00Z", { revoked: "2021-01-01T00:00:00Z" })],
      },
    };
    expect((await judged("6.json", { people: revoked, require: one() }))[0]).toBe(3);
  });
});

test("a record moved from test to train is seen, and is no PATCH", async () => {
  const lines = cleanCsv(20).trim().split("\n") as [string, ...string[]];
  const place = (folder: string, cut: number): void => {
    mkdirSync(at(folder));
    writeFileSync(at(folder, "train.csv"), `${[lines[0], ...lines.slice(1, cut)].join("\n")}\n`);
    writeFileSync(at(folder, "test.csv"), `${[lines[0], ...lines.slice(cut)].join("\n")}\n`);
  };
  place("before", 15);
  place("after", 16);
  const splits = ["--split-paths", "train=train.csv", "--split-paths", "test=test.csv"];
  for (const folder of ["before", "after"]) await ok("manifest", folder, ...splits);
  const document = (await ok("compare", "before.assay", "after.assay", "--json")).json();
  expect(document).toMatchObject({ equal: false, sameSet: true, added: 0, removed: 0, version: "major" });
  expect(Number(document.moved)).toBeGreaterThan(0);
  const derived = ["derive", "reshard", "after", "--parent", "before.assay", "--version-of-data", "1.0.1"];
  expect(await assay(cwd, [...derived, "-o", "moved.assay"])).toMatchObject({
    exitCode: expect.not.toBeOneOf([0, 70]),
  });
});

test("compare names exactly the records that were added and removed, as counting them does", async () => {
  const next = seededNumbers(3);
  const draw = (): string[] =>
    Array.from({ length: 60 }, () => `${Math.floor(next() * 25)},${next() < 0.5 ? "a" : "b"}`);
  for (let round = 0; round < 5; round++) {
    const sides = [draw(), draw()] as const;
    for (const [index, records] of sides.entries())
      writeFileSync(at(`side-${index}.csv`), `n,t\n${records.join("\n")}\n`);
    const count = (records: readonly string[], record: string): number => records.filter((r) => r === record).length;
    const all = [...new Set(sides.flat())];
    const differences = all.map((record) => count(sides[1], record) - count(sides[0], record));
    const result = await compareDataSets(at("side-0.csv"), at("side-1.csv"), { workers: 1 });
    expect(result.added).toBe(differences.reduce((sum, d) => sum + Math.max(0, d), 0));
    expect(result.removed).toBe(differences.reduce((sum, d) => sum + Math.max(0, -d), 0));
  }
});

describe("a proof of absence", () => {
  test("cannot be had for a float32, decimal or date record from its JSON form", async () => {
    const schema = { columns: { f: "float32", d: "decimal(9,2)", day: "date" } };
    writeFileSync(at("typed.schema.json"), JSON.stringify(schema));
    writeFileSync(at("typed.csv"), "f,d,day\n0.1,12.50,2024-02-29\n");
    const made = await assay(cwd, ["manifest", "typed.csv", "--schema", "typed.schema.json", "--json"]);
    expect(made, made.stderr).toMatchObject({ exitCode: 0 });
    writeFileSync(at("typed.json"), '{"f":0.1,"d":"12.50","day":"2024-02-29"}');
    await expect(proveRecord(at("typed.assay"), { absent: at("typed.json") })).rejects.toThrow(/in the data set/);
    await expect(proveRecord(at("typed.assay"), { present: at("typed.json") })).resolves.toMatchObject({ count: 1 });
  });

  test("is worth nothing for another record, nor with its key altered", async () => {
    writeFileSync(at("gone.json"), '{"id":777,"size":1,"weight":2,"label":"no"}');
    const cells = (readFileSync(at("train.csv"), "utf8").split("\n")[1] as string).split(",");
    writeFileSync(at("there.json"), `{"id":${cells[0]},"size":${cells[1]},"weight":${cells[2]},"label":"${cells[3]}"}`);
    const { leaves, proof } = await proveRecord(at("train.assay"), { absent: at("gone.json") });
    const present = await proveRecord(at("train.assay"), { present: at("there.json") });
    const manifest = at("train.assay/manifest.json");
    writeFileSync(at("gone.proof"), proof);
    await checkProof(at("gone.proof"), { manifest, record: at("gone.json") });
    await expect(checkProof(at("gone.proof"), { manifest, record: at("there.json") })).rejects.toMatchObject({
      name: "VerificationError",
    });
    writeFileSync(at("forged.proof"), proof.replaceAll(leaves[0] as string, present.leaves[0] as string));
    for (const record of ["gone.json", "there.json"])
      await expect(checkProof(at("forged.proof"), { manifest, record: at(record) })).rejects.toMatchObject({
        name: "VerificationError",
      });
  });
});

describe("quarantine", () => {
  test("takes nothing out on edited findings", async () => {
    cpSync(at("train.assay"), at("edited.assay"), { recursive: true });
    const path = at("edited.assay/findings.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replace(/"ordinal":30/, '"ordinal":29'));
    const before = everythingIn(cwd);
    const refused = quarantineFolder(at("edited.assay"), { severity: "low", data: at("train.csv"), workers: 1 });
    await expect(refused).rejects.toMatchObject({ code: "artefact-mismatch" });
    expect(everythingIn(cwd)).toEqual(before);
  });

  test("is not proven against a parent that was made up", async () => {
    await ok("quarantine", "train.assay", "-o", "clean", "--severity", "low");
    expect(await verify({ parents: [at("train.assay")] }, "clean.assay")).toMatchObject({ exitCode: 0 });
    writeFileSync(at("made-up.csv"), cleanCsv(33, 5));
    await ok("manifest", "made-up.csv");
    expect(await verify({ parents: [at("made-up.assay")] }, "clean.assay")).toMatchObject({ exitCode: 2 });
  });
});

test("one odd cell does not hide a column of numbers from the checks", async () => {
  const lines = cleanCsv(80).trim().split("\n");
  lines[40] = (lines[40] as string).replace(/^(\d+),[^,]+/, "$1,about ten");
  lines[60] = (lines[60] as string).replace(/^(\d+),[^,]+/, "$1,99999.5");
  writeFileSync(at("odd.csv"), `${lines.join("\n")}\n`);
  const args = ["check", "odd.csv", "--label", "label", "--exclude", "id", "--checks", "outliers", "--fail-on", "none"];
  const { json, stderr } = await ok(...args, "--json");
  // The builder warns with line and value, and the extreme value is still the most suspicious one.
  expect(stderr).toMatch(/"size".*"about ten".*line 41/);
  const { outcomes } = json() as { outcomes: { suspects: number[]; findings: number }[] };
  expect(JSON.stringify(outcomes[0]?.suspects)).toMatch(/\b59\b/);
});
