/** `outliers` on tables as people have them: numbers beside categories, dates, texts and values that are missing. */

import { describe, expect, it } from "vitest";
import type { CheckContext, CheckResult, Roles } from "../../src/check.js";
import { outliers } from "../../src/outlier/outliers.js";
import { selectChecks } from "../../src/registry.js";
import { runChecks } from "../../src/run-checks.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, normalOf, randomOf, tableOf } from "../tables.js";

type Columns = Record<string, (number | string | null)[]>;
type Run = CheckResult & { rowOf: Int32Array };

async function run(columns: Columns, roles: Roles = {}, over: Partial<CheckContext> = {}): Promise<Run> {
  const { table, rowOf } = tableOf(columns);
  const result = await outliers().run(tableData(table, tableShape(table, roles)), {}, contextOf(over));
  expect([...result.scores!].every(Number.isFinite)).toBe(true);
  expect(JSON.stringify(result.findings)).not.toMatch(/NaN|Infinity/);
  return { ...result, rowOf };
}

const CITIES = { Utrecht: "NL", Rotterdam: "NL", Gent: "BE", Lyon: "FR", Nice: "FR" };
const WORDS =
  "the our a red blue small order parcel customer asked about late early from to box refund paid again".split(" ");
const dateOf = (day: number): string => new Date(Date.UTC(2024, 0, 1 + Math.floor(day))).toISOString().slice(0, 10);

/** Honest records: a country follows from its city, two numbers from one cause, values are missing by chance and together. */
function honest(seed: number, n: number): Columns {
  const [random, normal] = [randomOf(seed), normalOf(seed + 500)];
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() ** 2 * values.length)]!;
  const rows = Array.from({ length: n }, () => {
    const common = normal();
    const city = pick(Object.keys(CITIES)) as keyof typeof CITIES;
    const answered = random() > 0.1;
    return {
      amount: common + 0.5 * normal(),
      weight: random() < 0.05 ? null : 2 * common + normal(),
      height: normal(),
      active: random() < 0.7 ? 1 : 0,
      day: dateOf(700 * random()),
      city,
      country: CITIES[city],
      plan: answered ? pick(["plain", "gold", "team"]) : null,
      renewed: answered ? pick(["yes", "no"]) : null,
      note: Array.from({ length: 6 + Math.floor(9 * random()) }, () => pick(WORDS)).join(" "),
    };
  });
  return Object.fromEntries(
    Object.keys(rows[0]!).map((name) => [name, rows.map((row) => row[name as keyof typeof row])]),
  );
}

const trusted = { trusted: { column: "seen", value: "yes" } };
/** Half of the records, from the thirtieth on, are trusted. */
function withTrust(columns: Columns): Columns {
  return { ...columns, seen: columns.city!.map((_, i) => (i >= 30 && i % 2 === 0 ? "yes" : "no")) };
}

/** Three numbers that are each far away. */
function moveNumbers(columns: Columns, record: number): void {
  const sign = record % 2 === 0 ? 1 : -1;
  columns.amount![record] = sign * (9 + record / 10);
  columns.weight![record] = -sign * (20 + record / 10);
  columns.height![record] = sign * (8 + record / 10);
}

/** Place of a record in the ranking by score, from 0. */
function placeOf({ scores, rowOf }: Run, record: number): number {
  const own = scores![rowOf[record]!]!;
  return scores!.filter((score) => score > own).length;
}

/** What is odd, and what the reason of the suspect says; nothing where it is not among the ten. */
const ODDITIES: Readonly<Record<string, readonly [(columns: Columns) => void, RegExp | undefined]>> = {
  "a number": [
    (columns) => {
      columns.amount![0] = 14;
      columns.weight![0] = -20;
    },
    /most of all in "(amount|weight)": (14|-20) where its other columns suggest/,
  ],
  "a date": [
    (columns) => {
      columns.day![0] = "1900-01-01";
    },
    /in "day": 1900-01-01 where its other columns suggest \d{4}-\d\d-\d\d\.$/,
  ],
  "a category": [
    (columns) => {
      columns.city![0] = "Atlantis";
    },
    /in "city": "Atlantis" that 1 of 1000 records have/,
  ],
  "values that are missing": [
    (columns) => {
      for (const name of ["amount", "height", "active", "day"]) columns[name]![0] = null;
    },
    undefined,
  ],
  "a text of one character": [
    (columns) => {
      columns.note![0] = "x";
    },
    /in the text of "note"/,
  ],
  "a text in another script": [
    (columns) => {
      columns.note![0] = "заказ клиента отправлен вчера вечером снова";
    },
    /in the text of "note"/,
  ],
  "a text of digits": [
    (columns) => {
      columns.note![0] = "4111 1111 1111 1111 12/27 123 4111 1111";
    },
    /in the text of "note"/,
  ],
};

describe("outliers() on mixed data", () => {
  it.each(Object.entries(ODDITIES))(
    "ranks %s among the twenty oddest of a thousand, and says why",
    async (_, [plant, why]) => {
      const columns = honest(1, 1000);
      expect(placeOf(await run(columns), 0)).toBeGreaterThan(100);
      plant(columns);
      const odd = await run(columns);
      expect(placeOf(odd, 0)).toBeLessThan(20);
      expect(odd.outcome.suspects).toHaveLength(10);
      const { suspects, reasons } = odd.outcome;
      expect(reasons!.map(({ record }) => record)).toEqual(suspects);
      const own = reasons!.find(({ record }) => record === odd.rowOf[0]);
      if (why) expect(own!.message).toMatch(why);
      expect(odd.outcome.lookedAt.columns).toEqual(expect.arrayContaining(Object.keys(honest(1, 1))));
      expect(odd.outcome.notes.join("\n")).toMatch(/ranking \(suspects, scores\), which is uncalibrated/);
    },
  );

  it("is quiet on honest records, and claims by decoy for the numbers alone what it would without the rest", async () => {
    let loud = 0;
    for (let seed = 0; seed < 12; seed++) {
      const { outcome, findings } = await run(honest(100 + seed, 400));
      expect(outcome.calibration).toBe("decoy");
      if (findings.length > 0) loud++;
    }
    expect(loud).toBeLessThanOrEqual(1);
    const columns = honest(3, 1000);
    for (let i = 0; i < 40; i++) moveNumbers(columns, i);
    const { amount, weight, height, active, day } = columns as Record<string, (number | string | null)[]>;
    const alone = await run({ amount: amount!, weight: weight!, height: height!, active: active!, day: day! });
    const all = await run(columns);
    const found = ({ findings, rowOf }: Run) =>
      findings
        .map(({ record, score, q, evidence }) => [rowOf.indexOf(record), score, q, evidence.columns])
        .sort(([a], [b]) => Number(a) - Number(b));
    expect(found(all).length).toBeGreaterThan(30);
    expect(found(all)).toEqual(found(alone));
    for (const { score, evidence } of all.findings) {
      expect(evidence.claimFor).toBe("numbers");
      expect(score).toBeGreaterThanOrEqual(evidence.threshold as number);
      expect(Object.keys(evidence.views as object)).toEqual([
        "isolation",
        "neighbours",
        "covariance",
        "surprise",
        "text",
      ]);
    }
  });

  it("claims for whole records where enough are trusted: quiet on honest ones, and finds odd categories and texts", async () => {
    let loud = 0;
    for (let seed = 0; seed < 10; seed++) {
      const { outcome, findings } = await run(withTrust(honest(200 + seed, 700)), trusted);
      expect(outcome.calibration).toBe("conformal");
      if (findings.length > 0) loud++;
    }
    expect(loud).toBeLessThanOrEqual(1);
    const columns = honest(5, 1000);
    for (let i = 0; i < 30; i++) {
      if (i % 2 === 0) columns.city![i] = `Atlantis ${i}`;
      else columns.note![i] = "9".repeat(i + 1);
    }
    const odd = await run(withTrust(columns), trusted, { fdr: 0.1 });
    const planted = new Set([...odd.rowOf.subarray(0, 30)]);
    const hits = odd.findings.filter(({ record }) => planted.has(record));
    expect(hits.length).toBeGreaterThan(20);
    expect(odd.findings.length - hits.length).toBeLessThanOrEqual(0.2 * odd.findings.length);
    const of = (record: number) => odd.findings.find((finding) => finding.record === odd.rowOf[record])!;
    expect(of(0).message).toContain('most of all in "city": "Atlantis 0" that 1 of');
    expect(of(0).evidence.categories).toMatchObject([{ column: "city", records: 1, value: "Atlantis 0" }]);
    expect(of(1).message).toContain('most of all in the text of "note"');
    const hidden = await run(withTrust(columns), trusted, { fdr: 0.1, showValues: false });
    expect(hidden.findings).toHaveLength(odd.findings.length);
    expect(JSON.stringify([hidden.findings, hidden.outcome.notes])).not.toMatch(/Atlantis|2024-|99999/);
  });

  it("ranks categories and texts alone without a claim, and claims with trusted records", async () => {
    const { city, country, plan } = honest(7, 1000) as Record<string, (string | null)[]>;
    const columns: Columns = { city: city!, country: country!, plan: plan! };
    for (let i = 0; i < 20; i++) columns.country![i] = "XX";
    const { outcome, scores, rowOf } = await run(columns);
    expect(outcome).toMatchObject({ status: "completed", calibration: "uncalibrated", findings: 0 });
    expect(outcome.notes.join("\n")).toContain("uncalibrated: without numbers a claim needs trusted records");
    expect(placeOf({ outcome, scores, rowOf, findings: [] } as unknown as Run, 3)).toBeLessThan(20);
    // Equal records are no copies here: ids tell them apart, and each is compared.
    const withIds = withTrust({ ...columns, id: city!.map((_, i) => `r-${i}`) });
    const claimed = await run(withIds, trusted, { fdr: 0.1 });
    expect(claimed.outcome.calibration).toBe("conformal");
    expect(claimed.outcome.details!.trustedRecords).toBe(485);
    const bad = new Set([...claimed.rowOf.subarray(0, 20)]);
    expect(claimed.findings.filter(({ record }) => bad.has(record)).length).toBe(20);
    expect(claimed.findings.length).toBeLessThanOrEqual(24);
    let loud = 0;
    for (let seed = 0; seed < 12; seed++) {
      const { city, country, plan } = honest(300 + seed, 900) as Record<string, (string | null)[]>;
      const own = { city: city!, country: country!, plan: plan!, id: city!.map((_, i) => `r-${i}`) };
      if ((await run(withTrust(own), trusted)).findings.length > 0) loud++;
    }
    expect(loud).toBeLessThanOrEqual(1);
    const { note } = honest(8, 400) as Record<string, string[]>;
    note![0] =
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const texts = await run({ note: note! });
    expect(texts.outcome).toMatchObject({ calibration: "uncalibrated", lookedAt: { columns: ["note"] } });
    expect(placeOf(texts, 0)).toBe(0);
  });

  it("finds records that lack what no other lacks, and says what", async () => {
    const { city, country, note } = honest(12, 1000) as Record<string, (string | null)[]>;
    const columns: Columns = { city: city!, country: country!, note: note! };
    for (let i = 0; i < 15; i++) for (const name of ["city", "country"]) columns[name]![i] = null;
    const { findings, rowOf } = await run(withTrust(columns), trusted, { fdr: 0.1 });
    const hits = findings.filter(({ record }) => rowOf.indexOf(record) < 15);
    expect(hits.length).toBeGreaterThanOrEqual(12);
    expect(findings.length).toBeLessThanOrEqual(17);
    expect(hits[0]!.message).toBe(
      'The record is unlike the others, most of all because "city" and "country" are missing.',
    );
    expect(hits[0]!.evidence.missing).toMatchObject({ columns: ["city", "country"], records: 15, of: 1000 });
  });

  it("keeps a missing number from being odd by itself where many are missing, and does not lose it where few are", async () => {
    const columns = honest(9, 1000);
    columns.height = columns.height!.map((cell, i) => (i % 3 === 0 ? null : cell));
    const often = await run(columns);
    expect(often.outcome.suspects!.filter((record) => often.rowOf.indexOf(record) % 3 === 0).length).toBeLessThan(8);
    const same = honest(9, 1000);
    same.flag = same.city!.map((_, i) => (i === 4 ? "Y" : null));
    const flagged = await run(same);
    expect(placeOf(flagged, 4)).toBeLessThan(20);
    expect(flagged.outcome.lookedAt.columns).toContain("flag");
  });

  it("scores numbers alone as it does beside an id, and reads dates that are text as those that are not", async () => {
    const { amount, height, day } = honest(10, 500) as Record<string, (number | string | null)[]>;
    const days = day!.map((text) => Date.parse(text as string) / 86_400_000);
    const [asText, asDays] = [
      await run({ amount: amount!, height: height!, day: day! }),
      await run({ amount: amount!, height: height!, day: days }),
    ];
    const alone = (answer: Run): number[] => [...answer.rowOf].map((row) => answer.scores![row]!);
    // Drawn by hashes of the same numbers under the same names.
    expect(alone(asText)).toEqual(alone(asDays));
    expect(asText.outcome.notes).toEqual(asDays.outcome.notes);
  });

  it("gives equal answers after a shuffle, and measures its power on the numbers", async () => {
    const columns = honest(11, 900);
    for (let i = 0; i < 30; i++) moveNumbers(columns, i);
    const answer = async (own: Columns) => {
      const { outcomes, findings, scores } = await runChecks(
        { data: tableData(tableOf(own).table), setRoot: new Uint8Array(32) },
        selectChecks(["outliers"]),
        { power: true },
      );
      return { outcomes, findings, scores };
    };
    const reversed = Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, [...cells].reverse()]));
    const first = await answer(columns);
    expect(await answer(reversed)).toEqual(first);
    expect(first.findings.length).toBeGreaterThan(20);
    expect(first.outcomes[0]!.power).toMatchObject({ attack: "moved-cells" });
    expect(first.outcomes[0]!.power!.tried.length).toBeGreaterThan(0);
    expect(first.outcomes[0]!.otherPower).toEqual([{ attack: "strange-categories", smallest: null, tried: [] }]);
    expect(first.outcomes[0]!.notes.at(-2)).toMatch(/^power: (caught|could)/);
    expect(first.outcomes[0]!.notes.at(-1)).toBe(
      "power: could not have seen records with categories that no other has here: its findings are claimed for the numbers alone",
    );
  });

  it("measures its power on categories where they are claimed, also alone", async () => {
    const { city, country, note, seen } = withTrust(honest(15, 900)) as Record<string, (string | null)[]>;
    const random = randomOf(15);
    const [amount, height] = [city!.map(random), city!.map(random)];
    const measure = async (columns: Columns) =>
      (
        await runChecks(
          { data: tableData(tableOf(columns).table), setRoot: new Uint8Array(32) },
          selectChecks(["outliers"]),
          { power: true, fdr: 0.1, roles: trusted },
        )
      ).outcomes[0]!;
    const mixed = await measure({ city: city!, country: country!, amount, height, seen: seen! });
    expect(mixed.power).toMatchObject({ attack: "moved-cells" });
    expect(mixed.otherPower).toMatchObject([{ attack: "strange-categories" }]);
    expect(mixed.otherPower![0]!.smallest).toBeLessThanOrEqual(0.05);
    expect(mixed.notes.at(-1)).toMatch(/^power: caught records with categories that no other has in /);

    const alone = await measure({ city: city!, country: country!, note: note!, seen: seen! });
    expect(alone.power).toMatchObject({ attack: "strange-categories" });
    expect(alone).not.toHaveProperty("otherPower");
  });
});
