/** `since` of makeManifest(): whatever changed, the folder is the one of reading everything, byte for byte. */

import { cpSync, type Dirent, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeManifest } from "@assay/assay/node";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ownFolder } from "./main-job-run.js";

const root = ownFolder();

/** Records with these numbers; equal numbers are equal records. */
const csv = (numbers: readonly number[]) => `n,note\n${numbers.map((n) => `${n},"a ""${n % 7}"""\n`).join("")}`;
const jsonl = (numbers: readonly number[]) => numbers.map((n) => `{"n":${n},"note":"a \\"${n % 7}\\""}\n`).join("");

type Change =
  | {
      readonly kind: "add" | "append" | "replace" | "duplicate";
      readonly file: number;
      readonly begin: number;
      readonly count: number;
    }
  | { readonly kind: "remove" | "empty" | "rename" | "cut" | "middle"; readonly file: number };

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("add", "append", "append", "replace", "duplicate"),
    file: fc.nat(5),
    begin: fc.nat(9000),
    count: fc.constantFrom(0, 1, 300, 7000),
  }),
  fc.record({ kind: fc.constantFrom("remove", "empty", "rename", "cut", "middle"), file: fc.nat(5) }),
);

const numbersFrom = (begin: number, count: number) => Array.from({ length: count }, (_, i) => begin + i);

function apply(folder: string, made: Change, step: number): void {
  const names = (readdirSync(folder, { recursive: true, withFileTypes: true }) as Dirent[])
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .sort();
  const path = names[made.file % names.length] as string;
  const isCsv = path.endsWith(".csv");
  const write = isCsv ? csv : jsonl;
  const text = readFileSync(path, "utf8");
  const lines = text.split("\n");
  switch (made.kind) {
    case "add":
      writeFileSync(
        join(folder, `added-${step}.${made.file % 2 === 0 ? "csv" : "jsonl"}`),
        (made.file % 2 === 0 ? csv : jsonl)(numbersFrom(made.begin, made.count)),
      );
      break;
    case "append": {
      const tail = write(numbersFrom(made.begin, made.count));
      writeFileSync(path, text + (isCsv ? tail.slice(tail.indexOf("\n") + 1) : tail));
      break;
    }
    case "replace":
      writeFileSync(path, write(numbersFrom(made.begin, made.count)));
      break;
    case "duplicate":
      cpSync(path, join(folder, `copy-${step}${path.slice(path.lastIndexOf("."))}`));
      break;
    case "remove":
      if (names.length > 1) rmSync(path);
      break;
    case "empty":
      writeFileSync(path, write([]));
      break;
    case "rename": {
      const to = join(folder, "deep", `z-${step}${path.slice(path.lastIndexOf("."))}`);
      mkdirSync(dirname(to), { recursive: true });
      renameSync(path, to);
      break;
    }
    case "cut":
      writeFileSync(path, `${lines.slice(0, Math.ceil(lines.length / 2)).join("\n")}\n`);
      break;
    case "middle": {
      const at = Math.floor(lines.length / 2);
      const line = write([123]).trimEnd().split("\n").at(-1) as string;
      writeFileSync(path, [...lines.slice(0, at || 1), line, ...lines.slice(at || 1)].join("\n"));
      break;
    }
  }
}

/** Path → bytes of all files that are the same whenever a manifest is made. */
function contentOf(folder: string): Map<string, string> {
  const files = (readdirSync(folder, { recursive: true, withFileTypes: true }) as Dirent[]).filter(
    (one) => one.isFile() && one.name !== "seen.jsonl",
  );
  return new Map(
    files
      .map((one) => join(one.parentPath, one.name))
      .sort()
      .map((path) => [path.slice(folder.length), readFileSync(path, "latin1")]),
  );
}

let made = 0;
let takenOver = 0;

test("since: any changes of any files, with any --keep", { timeout: 240_000 }, async () => {
  const keeps = fc.constantFrom("tiles" as const, "blocks" as const, "leaves" as const);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.boolean(), fc.nat(4000), fc.constantFrom(0, 1, 255, 256, 6000)), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      keeps,
      fc.option(keeps, { nil: undefined }),
      fc.boolean(),
      async (files, changes, keep, other, isSplit) => {
        const cwd = join(root, String(made++));
        mkdirSync(join(cwd, "data"), { recursive: true });
        for (const [i, [isCsv, begin, count]] of files.entries())
          writeFileSync(
            join(cwd, "data", `f${i}.${isCsv ? "csv" : "jsonl"}`),
            (isCsv ? csv : jsonl)(numbersFrom(begin, count)),
          );
        const seal = (name: string, kept: typeof keep, since?: string) =>
          makeManifest([join(cwd, "data")], {
            output: { directory: join(cwd, name), keep: kept },
            reading: isSplit ? { splits: { paths: { a: "f*", b: "added*" } } } : {},
            workers: 1,
            ...(since !== undefined && { since: join(cwd, since) }),
          });
        await seal("first.assay", keep);
        for (const [step, one] of changes.entries()) apply(join(cwd, "data"), one, step);
        const { claimed = [] } = await seal("since.assay", other ?? keep, "first.assay");
        takenOver += claimed.length === 0 ? 0 : 1;
        await seal("whole.assay", other ?? keep);
        const [since, whole] = [contentOf(join(cwd, "since.assay")), contentOf(join(cwd, "whole.assay"))];
        expect([...since.keys()]).toEqual([...whole.keys()]);
        for (const [path, bytes] of whole) expect(since.get(path) === bytes, path).toBe(true);
        rmSync(cwd, { recursive: true });
      },
    ),
    { numRuns: 40 },
  );
  // Else it compared full runs.
  expect(takenOver).toBeGreaterThan(8);
});
