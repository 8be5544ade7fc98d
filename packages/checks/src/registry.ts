/** All checks in the order in which they run and report, and how to choose among them by id. */

import type { Check } from "./check.js";
import { drift } from "./drift/drift.js";
import { exactDuplicates } from "./duplicate/exact-duplicates.js";
import { nearDuplicates } from "./duplicate/near-duplicates.js";
import { annotators } from "./label/annotators.js";
import { labelFlipsConfidentLearning } from "./label/confident-learning-check.js";
import { conflictingDuplicates } from "./label/conflicting-duplicates.js";
import { labelFlips } from "./label/label-flips.js";
import { outliers } from "./outlier/outliers.js";
import { rareValues } from "./outlier/rare-values.js";
import { badSources } from "./source/bad-sources.js";

/**
 * Every check with its default options. Copies come first, because the checks after group by them; `bad-sources` comes last,
 * because it reads what the others found.
 *
 * @example
 * await runChecks(input, allChecks(), { roles: { label: "species" } });
 */
export function allChecks(): readonly Check[] {
  return knownChecks().filter(({ named }) => !named);
}

/** Those that run only when they are named, too: what they answer says the same again in another way. */
export function knownChecks(): readonly Check[] {
  return [
    exactDuplicates(),
    nearDuplicates(),
    conflictingDuplicates(),
    labelFlips(),
    labelFlipsConfidentLearning(),
    annotators(),
    rareValues(),
    outliers(),
    drift(),
    badSources(),
  ];
}

/**
 * The checks with these ids, in the order of the registry, each once.
 *
 * @throws RangeError for an id that no check has, naming those there are.
 */
export function selectChecks(ids: readonly string[], checks: readonly Check[] = knownChecks()): readonly Check[] {
  for (const id of ids) {
    if (!checks.some((check) => check.id === id)) {
      throw new RangeError(
        `checks: there is no check ${JSON.stringify(id)}; there are ${checks.map((c) => c.id).join(", ")}`,
      );
    }
  }
  return checks.filter(({ id }) => ids.includes(id));
}
