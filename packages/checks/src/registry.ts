/** All checks in the order in which they run and report, and how to choose among them by id. */

import type { Check, CheckOptions, CheckSetting } from "./check.js";
import { drift } from "./drift/drift.js";
import { exactDuplicates } from "./duplicate/exact-duplicates.js";
import { nearDuplicates } from "./duplicate/near-duplicates.js";
import { annotators } from "./label/annotators.js";
import { labelFlipsConfidentLearning } from "./label/confident-learning-check.js";
import { conflictingDuplicates } from "./label/conflicting-duplicates.js";
import { labelFlips } from "./label/label-flips.js";
import { classicOutliers } from "./outlier/classic-outliers.js";
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
    classicOutliers("isolation"),
    classicOutliers("neighbours"),
    classicOutliers("covariance"),
    classicOutliers("lof"),
    classicOutliers("ecod"),
    classicOutliers("copod"),
    classicOutliers("hbos"),
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

/**
 * Refuses options that no check takes, before anything is read. Whether a number is in range, the check says itself.
 *
 * @throws RangeError naming the check, the option, and what there is.
 */
export function refuseUnknownOptions(given: CheckOptions, checks: readonly Check[] = knownChecks()): void {
  for (const [id, options] of Object.entries(given)) {
    const [check] = selectChecks([id], checks);
    const settings = check?.settings ?? {};
    for (const [name, value] of Object.entries(options)) {
      const setting = Object.hasOwn(settings, name) ? (settings[name] as CheckSetting) : undefined;
      if (setting === undefined)
        throw new RangeError(
          `checkOptions: ${id} has no option ${JSON.stringify(name)}; ${Object.keys(settings).length === 0 ? "it has none" : `it has ${Object.keys(settings).join(", ")}`}`,
        );
      const fits =
        setting === "number" ? typeof value === "number" && Number.isFinite(value) : setting.includes(`${value}`);
      if (!fits)
        throw new RangeError(
          `checkOptions: ${id}.${name}: ${JSON.stringify(value)} is not ${setting === "number" ? "a number" : `one of ${setting.join(", ")}`}`,
        );
    }
  }
}
