/** `conflicting-duplicates`: records with equal features and different labels. */

import type { Check, Finding, Table } from "../check.js";
import { asCategory, featureColumns, idColumns, sameLeaf } from "../columns.js";
import { referenceTo } from "../findings.js";
import { groupsOf, isCoarse } from "../groups.js";
import { completed, skipped } from "../outcome.js";
import { conflictingCopies } from "../power/copies.js";
import { quoted } from "../quoted.js";

const VERSION = "1";

/** Options of `conflicting-duplicates`. */
export interface ConflictingDuplicatesOptions {
  /**
   * Up to which share of the groups with several records may contradict themselves before features are taken not to determine
   * the label. 0 … 1, default 0.05.
   */
  readonly maxConflictShare?: number;
}

/**
 * Finds contradictions: records that agree in every feature and not in their label.
 *
 * - *Method*: records are grouped by their features (not label, source, annotator, time, split, excluded columns, nor ids by
 *   nature). Equal records have one vote in their group, so that copies do not outvote. All are accused but those of the one
 *   label that has most votes; when no label has most, all are.
 * - *Severity* `low`, always. That they contradict each other is exact, so the claim has no false alarms; which of them is
 *   wrong is not: poison may well be the majority of its group, and honest data contradict themselves where features are coarse
 *   (two postcodes at the same coordinates). What is surely wrong is a matter of `label-flips`.
 * - *Coarse features* (`isCoarse`: many records share all of them, and no single feature tells records apart) need not
 *   determine the label. When more than 5 % of the groups of several records contradict themselves (`maxConflictShare`), there
 *   are no findings then, and the records are listed as `disputed`. Elsewhere equal features are a copy or an accident, and every
 *   contradiction counts, however many there are.
 * - *Score*: 1 − votes for the record's label / votes in its group.
 * - *Reads*: features and label. Cost: linear in cells.
 * - *Cannot see*: contradictions between records that are only similar.
 *
 * @example
 * await runChecks(input, [conflictingDuplicates()], { roles: { label: "species" } });
 */
export function conflictingDuplicates(
  defaults: ConflictingDuplicatesOptions = {},
): Check<ConflictingDuplicatesOptions> {
  const check = { id: "conflicting-duplicates", version: VERSION };
  return {
    ...check,
    settings: { maxConflictShare: "number" },
    reads(shape, options) {
      const { maxConflictShare = 0.05 } = { ...defaults, ...options };
      if (!(maxConflictShare >= 0 && maxConflictShare <= 1)) {
        throw new RangeError(`maxConflictShare: ${maxConflictShare} is not between 0 and 1`);
      }
      const { label } = shape.roles;
      if (label === undefined) return { skip: "It needs the label column (label)." };
      const features = featureColumns(shape).filter((name) => name !== label);
      if (features.length === 0) return { skip: "It needs at least one feature column." };
      return { columns: [...features, label] };
    },
    poison: [conflictingCopies],
    memory: ({ records, kinds }) => 8 * records * (Object.keys(kinds).length + 6),
    async run(data, options, context) {
      const { maxConflictShare = 0.05 } = { ...defaults, ...options };
      const labelName = data.shape.roles.label as string;
      const names = featureColumns(data.shape).filter((name) => name !== labelName);
      const read = await data.table([...names, labelName]);
      const label = asCategory(read.columns[names.length] as Table["columns"][number]);
      const whole: Table = { ...read, columns: read.columns.slice(0, names.length) };
      const ids = new Set(idColumns(whole).filter((name) => name !== data.shape.roles.image));
      const table: Table = { ...whole, columns: whole.columns.filter(({ name }) => !ids.has(name)) };
      const features = table.columns.map(({ name }) => name);
      if (features.length === 0) {
        const reason = "Every feature column is an id by nature: no two records can be compared.";
        return { outcome: skipped(check, data, context, reason), findings: [] };
      }

      const groups = groupsOf(table);
      const votes = votesOf(table, groups.groupOf, groups.count, label.codes);
      const conflicting = votes.filter((ofGroup) => ofGroup && ofGroup.size > 1).length;
      const several = groups.sizes.filter((size) => size > 1).length;
      const coarse = conflicting > maxConflictShare * several && isCoarse(table, groups);

      const findings: Finding[] = [];
      const disputed: number[] = [];
      const scores = new Float64Array(table.length);
      const winners = votes.map((ofGroup) => (ofGroup && ofGroup.size > 1 ? winner(ofGroup) : undefined));
      for (let row = 0; row < table.length; row++) {
        const group = groups.groupOf[row] as number;
        const ofGroup = votes[group];
        const own = label.codes[row] as number;
        if (own < 0) scores[row] = Number.NaN;
        if (!ofGroup || ofGroup.size < 2 || own < 0) continue;
        const total = [...ofGroup.values()].reduce((sum, vote) => sum + vote.count, 0);
        const mine = (ofGroup.get(own) as Vote).count;
        scores[row] = 1 - mine / total;
        if (winners[group] === own) continue;
        const place = data.place(row);
        if (coarse) {
          disputed.push(place.record);
          continue;
        }
        const [, against] = [...ofGroup].find(([code]) => code !== own) as [number, Vote];
        const partner = data.place(against.first);
        const text = label.categories[own] as string;
        const counts = [...ofGroup]
          .sort(([a], [b]) => a - b)
          .map(([code, vote]) => [label.categories[code], vote.count]);
        findings.push({
          check: check.id,
          kind: "contradiction",
          ...place,
          score: 1 - mine / total,
          severity: "low",
          message: `It has the features of record ${partner.ordinal} of ${partner.file} and another label${context.showValues ? `, ${quoted(text)}` : ""}.`,
          evidence: {
            votesForLabel: mine,
            votes: total,
            ...(context.showValues ? { counts } : {}),
            contradicts: referenceTo(partner),
            features: features.length,
          },
        });
      }
      const notes = [...ids].map((name) => `not looked at: ${quoted(name)}, it differs in every record, as an id does`);
      if (coarse) {
        notes.push(
          `${conflicting} of ${several} groups with equal features contradict themselves: features do not determine the label here, so nothing is found.`,
        );
      }
      const outcome = completed(check, data, context, {
        columns: [...features, labelName],
        examined: table.length,
        findings: findings.length,
        calibration: coarse ? "uncalibrated" : "exact",
        ...(coarse ? {} : { fdr: 0 }),
        disputed: disputed.sort((a, b) => a - b),
        details: { groups: groups.count, groupsOfSeveral: several, conflicting },
        notes,
      });
      return { outcome, findings, scores };
    },
  };
}

/** Votes for one label in a group, and the first row that has it. */
interface Vote {
  count: number;
  readonly first: number;
}

/** For each group of several distinct records: votes by label code, each distinct leaf one; `undefined` for all others. */
function votesOf(
  { length, leaves }: Table,
  groupOf: Int32Array,
  count: number,
  codes: Int32Array,
): (Map<number, Vote> | undefined)[] {
  const distinct = new Int32Array(count);
  const counts = (row: number): boolean =>
    (codes[row] as number) >= 0 && (row === 0 || !sameLeaf(leaves, row - 1, row));
  for (let row = 0; row < length; row++) {
    const group = groupOf[row] as number;
    if (counts(row)) distinct[group] = (distinct[group] as number) + 1;
  }
  const votes: (Map<number, Vote> | undefined)[] = new Array(count).fill(undefined);
  for (let row = 0; row < length; row++) {
    const group = groupOf[row] as number;
    if ((distinct[group] as number) < 2 || !counts(row)) continue;
    const ofGroup = (votes[group] ??= new Map());
    const vote = ofGroup.get(codes[row] as number);
    if (vote) vote.count++;
    else ofGroup.set(codes[row] as number, { count: 1, first: row });
  }
  return votes;
}

/** The label with the most votes, or none when several have as many. */
function winner(votes: ReadonlyMap<number, Vote>): number | undefined {
  const sorted = [...votes].sort(([, a], [, b]) => b.count - a.count);
  const [best, second] = sorted;
  return best && best[1].count > (second?.[1].count ?? 0) ? best[0] : undefined;
}
