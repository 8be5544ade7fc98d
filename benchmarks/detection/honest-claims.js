/**
 * Does the decoy of `outliers` claim anything on honest tables, and is it believed where it is right? On generated tables, many of
 * which a decoy is no null of: as they are, with 1 % or 5 % of the rows moved, or with cells of 3 % of the rows in another unit (× 100).
 */

import { join } from "node:path";
import { checkData } from "@assay/assay/node";
import { planted } from "./claims.js";
import { randomOf, writeTable } from "./data.js";
import { HONEST_TABLES, honestTable } from "./honest-tables.js";
import { listQuality, mean, standardError } from "./measures.js";

const SCENARIOS = ["clean", "moved 1 %", "moved 5 %", "units 3 %"];
const RATE = 0.1;

/** `{ family, seed, scenario, refused, found, recall, falseShare }` of each run; refused is a claim that was not believed. */
export async function measureHonest(seeds, chosen, scratch, log) {
  const results = [];
  const path = join(scratch, "honest.csv");
  for (const family of HONEST_TABLES.filter(chosen)) {
    for (let seed = 0; seed < seeds; seed++) {
      const { columns, rows: clean } = honestTable(family, seed);
      for (const scenario of SCENARIOS) {
        const { rows, bad } = planted(clean, scenario, randomOf(1000 * (seed + 1) + SCENARIOS.indexOf(scenario)));
        writeTable(path, { columns, rows: rows.map((row) => row.map(String)) });
        const { outcomes, findings } = await checkData([path], {
          checking: { checks: ["outliers"], fdr: RATE },
          workers: 1,
        });
        const found = findings.map(({ record }) => record);
        const refusal = outcomes[0].notes.find((note) => note.startsWith("uncalibrated: the decoy finds"));
        const result = {
          family,
          seed,
          scenario,
          refused: refusal !== undefined,
          found: found.length,
          ...listQuality(found, bad),
        };
        results.push(result);
        log(
          `${family} ${seed} ${scenario}: ${found.length} findings, false ${result.falseShare.toFixed(2)}${refusal ? ` (${refusal})` : ""}`,
        );
      }
    }
  }
  return results;
}

/** The tables of the results. */
export function honestTables(results) {
  const families = [...new Set(results.map(({ family }) => family))];
  const seeds = new Set(results.map(({ seed }) => seed)).size;
  const lines = [
    `${families.length} families, ${seeds} tables each, 600 to 2,500 rows, at ${RATE}; false share ± standard error over families.`,
    "",
    "| rows | tables | decoy claims something | of these believed | power | false share | tables above 2 q |",
    "|---|---|---|---|---|---|---|",
  ];
  for (const scenario of SCENARIOS) {
    const own = results.filter((result) => result.scenario === scenario);
    const believed = own.filter(({ found }) => found > 0);
    const shares = families.map((family) =>
      mean(own.filter((result) => result.family === family).map(({ falseShare }) => falseShare)),
    );
    lines.push(
      `| ${scenario} | ${own.length} | ${believed.length + own.filter(({ refused }) => refused).length} | ${believed.length} | ` +
        `${scenario === "clean" ? "–" : mean(own.map(({ recall }) => recall)).toFixed(2)} | ` +
        `${mean(shares).toFixed(3)} ± ${standardError(shares).toFixed(3)} | ${own.filter(({ falseShare }) => falseShare > 2 * RATE).length} |`,
    );
  }
  const clean = results.filter(({ scenario }) => scenario === "clean");
  const claimed = families
    .map((family) => [family, clean.filter((run) => run.family === family && (run.refused || run.found > 0)).length])
    .filter(([, count]) => count > 0)
    .map(([family, count]) => `${family} ${count}`);
  lines.push(
    "",
    `Clean tables on which the decoy claims something, believed or not, of ${seeds}: ${claimed.join(", ") || "none"}.`,
  );
  return lines;
}
