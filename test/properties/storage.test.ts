/**
 * How records are stored never matters to what they are and to what is found in them: shuffled, split over files, with
 * columns in another order, as CSV, JSONL or Parquet, the set root is one and the findings accuse the same records.
 */

import { join } from "node:path";
import { assay } from "@assay/assay";
import { compareDataSets, makeManifest } from "@assay/assay/node";
import { sourceOfBytes } from "@assay/records";
import { beforeAll, describe, expect, test } from "vitest";
import {
  Draws,
  poisonedTable,
  recordsOf,
  reordered,
  schemaOf,
  shuffled,
  slice,
  type Table,
  toCsv,
  toJsonl,
  toParquet,
} from "./generated-table.js";
import { accusationsOf, completed, ownFolder, type Run, runInto, writeData } from "./main-job-run.js";

const folder = ownFolder();
const table = poisonedTable({ records: 2000, seed: 21, flips: 0.04 });
const schema = schemaOf(table);
const checking = { roles: { label: "label" } };

/** The table split over files of unequal length, some of them in folders. */
function shards(
  parts: number,
  content: Table,
  write: (part: Table, number: number) => string | Uint8Array,
  end: string,
) {
  const draws = new Draws(parts);
  const cuts = [0, ...Array.from({ length: parts - 1 }, () => draws.below(recordsOf(content))), recordsOf(content)];
  cuts.sort((a, b) => a - b);
  return Object.fromEntries(
    cuts
      .slice(1)
      .map((end_, number) => [
        `${number % 3 === 0 ? "deep/" : ""}shard-${number}.${end}`,
        write(slice(content, cuts[number] as number, end_), number),
      ]),
  );
}

const STORED: Readonly<Record<string, () => Readonly<Record<string, string | Uint8Array>>>> = {
  "shuffled CSV": () => ({ "other.csv": toCsv(shuffled(table, 1), 2) }),
  "7 shards of CSV": () => shards(7, table, toCsv, "csv"),
  "CSV, columns in another order": () => ({ "a.csv": toCsv(reordered(table), 3) }),
  "shuffled JSONL in 3 shards, columns in another order": () =>
    shards(3, reordered(shuffled(table, 4)), toJsonl, "jsonl"),
  "Parquet of row groups of 501": () => ({ "train.parquet": toParquet(table, 501) }),
  "one half CSV, the other Parquet": () => ({
    "a.csv": toCsv(slice(table, 0, 1000)),
    "b.parquet": toParquet(slice(table, 1000, 2000), 700),
  }),
};

describe("runMainJob() on the same records, stored otherwise", () => {
  let plain: Run;
  beforeAll(async () => {
    const data = join(writeData(join(folder, "plain"), { "train.csv": toCsv(table) }), "train.csv");
    plain = await runInto(folder, data, { workers: 2, checking, reading: { schema } });
    expect(completed(plain)).toEqual(expect.arrayContaining(["exact-duplicates", "label-flips", "outliers"]));
    for (const check of ["exact-duplicates", "label-flips"])
      expect(plain.accusations.filter((line) => line.includes(check)).length).toBeGreaterThan(10);
  });

  test.each(Object.keys(STORED))("has one set root and the same findings: %s", async (name) => {
    const files = (STORED[name] as () => Record<string, string | Uint8Array>)();
    const data = writeData(join(folder, name.replaceAll(/\W+/g, "-")), files);
    const run = await runInto(folder, data, { workers: 2, checking, reading: { schema } });
    expect(run.summary.set).toBe(plain.summary.set);
    expect(run.summary.dataset).not.toBe(plain.summary.dataset);
    expect(run.accusations).toEqual(plain.accusations);
    expect(run.digests["sketches.arrow"]).toBe(plain.digests["sketches.arrow"]);
    expect(
      run.summary.outcomes.map(({ check, status, examined, seed }) => ({ check, status, examined, seed })),
    ).toEqual(plain.summary.outcomes.map(({ check, status, examined, seed }) => ({ check, status, examined, seed })));
  });

  test("accuses by features, not by an excluded column that tells records apart", async () => {
    const numbered = (first: number): Table => ({
      ...table,
      id: Array.from({ length: recordsOf(table) }, (_, record) => `r${first + record}`),
    });
    const runs = [];
    for (const first of [0, 500_000]) {
      const data = writeData(join(folder, `numbered-${first}`), { "train.csv": toCsv(numbered(first)) });
      runs.push(
        await runInto(folder, data, {
          workers: 2,
          checking: {
            seed: "5a".repeat(32),
            checks: ["label-flips", "outliers", "conflicting-duplicates"],
            roles: { label: "label", exclude: ["id"] },
          },
        }),
      );
    }
    const [one, other] = runs as [Run, Run];
    expect(one.summary.set).not.toBe(other.summary.set);
    // The leaves differ, the places do not.
    const byPlace = ({ summary }: Run) =>
      summary.findings.map(({ check, kind, record, score, p, q }) => ({ check, kind, record, score, p, q }));
    expect(byPlace(one).length).toBeGreaterThan(20);
    expect(byPlace(other)).toEqual(byPlace(one));
  });

  test("is what assay() says of the same bytes in memory", async () => {
    const files = shards(4, table, toCsv, "csv");
    const source = await sourceOfBytes(
      "in memory",
      Object.entries(files).map(([path, content]) => ({ path, bytes: new TextEncoder().encode(content as string) })),
      { schema },
    );
    const result = await assay(source, { label: "label" });
    expect(result.manifest.header.set.root).toBe(plain.summary.set);
    expect(accusationsOf(result.findings)).toEqual(plain.accusations);
    const onDisk = await makeManifest([writeData(join(folder, "in memory"), files)], {
      name: "in memory",
      reading: { schema },
      output: { directory: join(folder, "in-memory.assay") },
    });
    expect(result.manifest.header.dataset.root).toBe(onDisk.dataset);
    expect(result.manifest.datasetHead).toBe(onDisk.datasetHead);
    expect(result.manifest.setHead).toBe(onDisk.setHead);
  });

  test("has another set root when one value is another", async () => {
    for (const [column, value] of Object.entries({ x: 0.000001, label: "South", note: "a" })) {
      const changed = { ...table, [column]: table[column]?.with(1234, value) as Table[string] };
      const data = writeData(join(folder, `changed-${column}`), { "train.csv": toCsv(changed) });
      const { set } = await makeManifest([data], {
        reading: { schema },
        output: { directory: join(folder, `changed-${column}.assay`) },
      });
      expect(set).not.toBe(plain.summary.set);
    }
  });
});

describe("compareDataSets()", () => {
  const codes = { code: ["1", "2", "30", "1"], x: [1.5, 2, 3, 4] };
  const inFolder = (name: string, files: Readonly<Record<string, string | Uint8Array>>) =>
    writeData(join(folder, name), files);

  test("reads text with the types of the other side, whichever is named first, and folders too", async () => {
    const text = join(inFolder("codes-text", { "codes.csv": toCsv(codes) }), "codes.csv");
    const typed = inFolder("codes-typed", {
      "a.parquet": toParquet(slice(codes, 0, 2), 10),
      "b.parq": toParquet(slice(codes, 2, 4), 1),
    });
    // By themselves the codes of the text are numbers.
    expect((await compareDataSets(text, text)).sameSet).toBe(true);
    for (const [first, second] of [
      [text, typed],
      [typed, text],
    ] as const)
      expect(await compareDataSets(first, second, { workers: 1 })).toMatchObject({
        sameSet: true,
        equal: false,
        added: 0,
        removed: 0,
      });
  });

  test("counts the records that a changed value adds and removes", async () => {
    const typed = join(inFolder("codes-one", { "codes.parquet": toParquet(codes, 3) }), "codes.parquet");
    const changed = { ...codes, code: ["1", "2", "30", "01"] };
    const text = join(inFolder("codes-changed", { "codes.jsonl": toJsonl(changed) }), "codes.jsonl");
    expect(await compareDataSets(typed, text, { workers: 1 })).toMatchObject({ sameSet: false, added: 1, removed: 1 });
  });
});
