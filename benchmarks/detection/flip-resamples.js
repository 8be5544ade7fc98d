/** Is the claim of `label-flips` kept set by set? Over resamples: the false share among its findings, wherever a claim is made. */

import { join } from "node:path";
import { drawn } from "./data.js";
import { flipped, judged } from "./flip-sets.js";
import { listQuality, mean, standardError } from "./measures.js";

/** Share of the rows of a resample, and how many rows at most. */
const SHARE = 0.8;
const MOST_ROWS = 1200;
const KINDS = ["10 %", "20 %"];
const RATES = [0.05, 0.1];

/** `{ set, kind, seed, claimed, false05, false10 }` of each resample; a run without findings has a false share of 0. */
export async function measureResamples(sets, resamples, scratch, log) {
  const results = [];
  for (const { name, table } of sets) {
    for (const kind of KINDS) {
      for (let seed = 0; seed < resamples; seed++) {
        const rows = Math.min(MOST_ROWS, Math.floor(SHARE * table.rows.length));
        const { table: own, bad } = flipped(drawn(table, rows, 100 + seed), kind, 100 + seed);
        const { findings, outcome } = await judged(own, join(scratch, `${name}.csv`));
        const at = (rate) =>
          listQuality(
            findings.filter(({ q }) => q <= rate).map(({ record }) => record),
            bad,
          ).falseShare;
        results.push({ set: name, kind, seed, claimed: outcome.calibration === "posterior", shares: RATES.map(at) });
      }
      const own = results.filter((result) => result.set === name && result.kind === kind);
      log(
        `${name} ${kind}: false share ${RATES.map((_, i) => mean(own.map(({ shares }) => shares[i])).toFixed(3)).join(" / ")}`,
      );
    }
  }
  return results;
}

/** The tables of the results. */
export function resampleTables(results) {
  const sets = [...new Set(results.map(({ set }) => set))];
  const lines = [
    `${sets.length} sets, ${Math.max(...results.map(({ seed }) => seed)) + 1} resamples of 80 % of the rows, at most ${MOST_ROWS}; false share among findings ± standard error over resamples, where a claim is made.`,
    "",
    `| set | ${KINDS.flatMap((kind) => [`claims at ${kind}`, ...RATES.map((rate) => `q = ${rate}`)]).join(" | ")} |`,
    `|---|${KINDS.map(() => "---|---|---|").join("")}`,
  ];
  const above = new Set();
  const means = KINDS.map(() => RATES.map(() => []));
  for (const set of sets) {
    const cells = KINDS.flatMap((kind, at) => {
      const own = results.filter((result) => result.set === set && result.kind === kind);
      const claimed = own.filter((result) => result.claimed);
      if (claimed.length === 0) return [`0 of ${own.length}`, "–", "–"];
      return [
        `${claimed.length} of ${own.length}`,
        ...RATES.map((rate, i) => {
          const shares = claimed.map((result) => result.shares[i]);
          means[at][i].push(mean(shares));
          if (mean(shares) > 2 * rate) above.add(`${set} (${kind}, q = ${rate})`);
          return `${mean(shares).toFixed(3)} ± ${standardError(shares).toFixed(3)}`;
        }),
      ];
    });
    lines.push(`| ${set} | ${cells.join(" | ")} |`);
  }
  const summary = means.flatMap((rates) => [
    "",
    ...rates.map((values) => (values.length === 0 ? "–" : mean(values).toFixed(3))),
  ]);
  lines.push(`| mean over sets | ${summary.join(" | ")} |`);
  lines.push("", `Above 2 q: ${[...above].join(", ") || "none"}.`);
  return lines;
}
