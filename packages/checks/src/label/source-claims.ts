/**
 * Data set → source → record: a rate that is claimed over all records says little about one source. Where most findings lie in
 * a bad source, those few of an honest one may be mostly wrong without anybody noticing; so what is claimed holds in each source.
 */

import type { Sources } from "../source/source-answers.js";
import type { Votes } from "./given-labels.js";

/**
 * Of the rows that are found, those for which the claim holds within their source too: in each source the surest distinct records,
 * as many as leave the mean doubt among them at or below the rate. Equal ones stand or fall together.
 *
 * @param found Rows, in any order.
 * @param posterior Of each unit: how probable it is that its label was flipped.
 * @param fdr The rate that is claimed.
 * @returns Rows in the order in which they were given.
 */
export function claimedWithin(
  found: readonly number[],
  { unitOf }: Votes,
  posterior: Float64Array,
  { codes, names }: Sources,
  fdr: number,
): number[] {
  const units = names.map(() => new Set<number>());
  for (const row of found) units[codes[row]!]!.add(unitOf[row]!);
  const least = units.map((own) =>
    leastPosterior(
      Float64Array.from(own, (unit) => posterior[unit]!),
      fdr,
    ),
  );
  return found.filter((row) => posterior[unitOf[row]!]! >= least[codes[row]!]!);
}

/** The smallest posterior down to which the mean of 1 − posterior is at most the rate; above 1 where there is none. */
function leastPosterior(posteriors: Float64Array, fdr: number): number {
  const sorted = posteriors.sort().reverse();
  let least = Number.POSITIVE_INFINITY;
  let doubt = 0;
  for (const [i, own] of sorted.entries()) {
    doubt += 1 - own;
    if (sorted[i + 1] !== own && doubt <= fdr * (i + 1)) least = own;
  }
  return least;
}
