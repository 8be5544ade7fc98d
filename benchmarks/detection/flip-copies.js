/** Does copying a flipped record hide it from `label-flips`? The same 5 % of the records are flipped, each planted 1 to 12 times. */

import { join } from "node:path";
import { flipped, judged } from "./flip-sets.js";
import { listQuality, mean } from "./measures.js";

const TIMES = [1, 3, 6, 12];

/** `{ set, times, f1, recall }`: F1 of suspects over all records, and the share of the planted ones among findings at .05. */
export async function measureCopies(sets, scratch, log) {
  const results = [];
  for (const { name, table: clean } of sets) {
    const { table, bad } = flipped(clean, "5 %", 0);
    for (const times of TIMES) {
      const copies = table.rows.flatMap((row, i) => (bad[i] ? new Array(times - 1).fill(row) : []));
      const rows = [...table.rows, ...copies];
      const marks = Uint8Array.from(rows, (_, i) => (i < bad.length ? bad[i] : 1));
      const { outcome, findings } = await judged({ columns: table.columns, rows }, join(scratch, `${name}.csv`));
      const accused = findings.filter(({ q }) => q <= 0.05).map(({ record }) => record);
      const result = {
        set: name,
        times,
        f1: listQuality(outcome.suspects ?? [], marks).f1,
        recall: listQuality(accused, marks).recall,
      };
      log(`${name} planted ${times} times: F1 ${result.f1.toFixed(3)}, recall of findings ${result.recall.toFixed(2)}`);
      results.push(result);
    }
  }
  return results;
}

/** The tables of the results. */
export function copyTables(results) {
  const sets = [...new Set(results.map(({ set }) => set))];
  const of = (times, set) => results.filter((result) => result.times === times && (!set || result.set === set));
  const row = (label, pick, set) =>
    `| ${label} | ${TIMES.map((times) => mean(of(times, set).map(pick)).toFixed(3)).join(" | ")} |`;
  return [
    `${sets.length} sets, 5 % of the records flipped, one seed; each flipped record planted so many times.`,
    "",
    `| | ${TIMES.map((times) => `${times} ×`).join(" | ")} |`,
    `|---|${TIMES.map(() => "---|").join("")}`,
    row("F1 of `suspects`, mean", ({ f1 }) => f1),
    row("recall of findings at .05, mean", ({ recall }) => recall),
    ...sets.map((set) => row(`F1, ${set}`, ({ f1 }) => f1, set)),
  ];
}
