/** Does copying a flipped record hide it from `label-flips`? The same 5 % of the records are flipped, each planted 1 to 12 times. */

import { join } from "node:path";
import { flipped, judged } from "./flip-sets.js";
import { listQuality, mean } from "./measures.js";

const TIMES = [1, 3, 6, 12];

/**
 * `{ set, seed, times, f1, distinctF1, recall, calibration }`: F1 of suspects over all records, and over distinct ones (copies count
 * once, so that catching the same flips is worth the same however often they are planted), and the share of the planted ones among
 * findings at .05.
 */
export async function measureCopies(sets, seeds, scratch, log) {
  const results = [];
  for (const { name, table: clean } of sets) {
    for (let seed = 0; seed < seeds; seed++) results.push(...(await measureSet(name, clean, seed, scratch, log)));
  }
  return results;
}

async function measureSet(name, clean, seed, scratch, log) {
  const { table, bad } = flipped(clean, "5 %", seed);
  const results = [];
  const planted = [...bad.keys()].filter((i) => bad[i]);
  for (const times of TIMES) {
    const origins = [...table.rows.keys(), ...planted.flatMap((i) => new Array(times - 1).fill(i))];
    const rows = origins.map((i) => table.rows[i]);
    const { outcome, findings } = await judged({ columns: table.columns, rows }, join(scratch, `${name}.csv`));
    const suspects = outcome.suspects ?? [];
    const accused = findings.filter(({ q }) => q <= 0.05).map(({ record }) => record);
    const marks = Uint8Array.from(origins, (i) => bad[i]);
    const result = {
      set: name,
      seed,
      times,
      f1: listQuality(suspects, marks).f1,
      distinctF1: listQuality([...new Set(suspects.map((record) => origins[record]))], bad).f1,
      recall: listQuality(accused, marks).recall,
      calibration: outcome.calibration,
    };
    log(
      `${name} planted ${times} times: F1 ${result.f1.toFixed(3)}, of distinct ${result.distinctF1.toFixed(3)}, ` +
        `recall of findings ${result.recall.toFixed(2)} (${result.calibration})`,
    );
    results.push(result);
  }
  return results;
}

/** The tables of the results. */
export function copyTables(results) {
  const sets = [...new Set(results.map(({ set }) => set))];
  const seeds = new Set(results.map(({ seed }) => seed)).size;
  const of = (times, set) => results.filter((result) => result.times === times && (!set || result.set === set));
  const row = (label, pick, set) =>
    `| ${label} | ${TIMES.map((times) => mean(of(times, set).map(pick)).toFixed(3)).join(" | ")} |`;
  return [
    `${sets.length} sets, 5 % of the records flipped, ${seeds} ${seeds === 1 ? "seed" : "seeds"}; each flipped record planted so many times.`,
    "",
    `| | ${TIMES.map((times) => `${times} ×`).join(" | ")} |`,
    `|---|${TIMES.map(() => "---|").join("")}`,
    row("F1 of `suspects`, mean", ({ f1 }) => f1),
    row("F1 of distinct `suspects`, mean", ({ distinctF1 }) => distinctF1),
    row("recall of findings at .05, mean", ({ recall }) => recall),
    ...sets.map((set) => row(`F1 of distinct, ${set}`, ({ distinctF1 }) => distinctF1, set)),
  ];
}
