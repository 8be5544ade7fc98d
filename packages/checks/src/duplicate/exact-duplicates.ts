/** `exact-duplicates`: records that are there more than once, by leaf. */

import type { Check, Finding } from "../check.js";
import { sameLeaf } from "../columns.js";
import { referenceTo } from "../findings.js";
import { completed } from "../outcome.js";
import { exactCopies } from "../power/copies.js";

/** Version of the method: findings of two versions need not agree. */
const VERSION = "1";

/**
 * Finds records that are repeated exactly: all but the first occurrence of each leaf are findings, `low`, because repeats are
 * usual in honest data. Of n equal records the first in file order is named in the evidence of the n − 1 others.
 *
 * - *Method*: equal leaves are neighbours in leaf order. Exact: the false-alarm rate is 0.
 * - *Reads*: no column, so an excluded column still tells records apart. Cost: one pass over the leaves.
 * - *Score*: how often the record is there.
 * - *Cannot see*: copies that differ in anything at all, an id for instance (`near-duplicates`).
 *
 * @example
 * const { findings } = await exactDuplicates().run(data, {}, context);
 */
export function exactDuplicates(): Check {
  const check = { id: "exact-duplicates", version: VERSION };
  return {
    ...check,
    reads: () => ({ columns: [] }),
    poison: [exactCopies],
    memory: ({ records }) => 8 * records,
    async run(data, _options, context) {
      const { length, leaves } = await data.table([]);
      const findings: Finding[] = [];
      const scores = new Float64Array(length);
      let repeated = 0;
      for (let begin = 0; begin < length; ) {
        let end = begin + 1;
        while (end < length && sameLeaf(leaves, begin, end)) end++;
        const copies = end - begin;
        scores.fill(copies - 1, begin, end);
        if (copies > 1) {
          repeated++;
          const first = data.place(begin);
          for (let row = begin + 1; row < end; row++) {
            findings.push({
              check: check.id,
              kind: "copy",
              ...data.place(row),
              score: copies,
              severity: "low",
              message: `The record is there ${copies} times; the first is record ${first.ordinal} of ${first.file}.`,
              evidence: { copies, first: referenceTo(first) },
            });
          }
        }
        begin = end;
      }
      const outcome = completed(check, data, context, {
        columns: [],
        examined: length,
        findings: findings.length,
        calibration: "exact",
        fdr: 0,
        details: { distinct: length - findings.length, repeated },
        notes: ["Whole records are compared by leaf, columns that are excluded from the checks included."],
      });
      return { outcome, findings, scores };
    },
  };
}
