/**
 * Whose labels may be accused where flip rates differ between classes. The territory of a class is where it is predicted. Flips at
 * random come at one rate in all territories, and flips from one class into another leave the territory of the other pure; rates
 * that differ otherwise are how honest overlap of classes looks (prices of several companies, fog among dry days).
 */

import type { LabelTransition } from "./label-transition.js";

/** Share of the common rate up to which a class counts as purer than the rest. Chosen after a look at generated tables that overlap. */
const PURER = 0.5;
/** Standard errors by which the rate of a territory may exceed the pooled rate of all that are purer. Fixed, not fitted. */
const TOLERANCE = 2;

export interface FlipTerritories {
  /** Whether rates differ at all; if not, everything may be claimed. */
  readonly differ: boolean;
  /** Classes whose own territory is clearly purer than the rest: their labels may be accused anywhere. */
  readonly pure: Uint8Array;
  /** Classes in whose territory any label may be accused, because they share the rate that is common to most. */
  readonly common: Uint8Array;
}

/**
 * Judges territories by their anchors. Where rates differ, a flip may be claimed in two cases:
 *
 * - the label's own territory has at most half of the rate of all: that class overlaps with none;
 * - it lies in a territory whose rate is that of most: from the purest on, territories are joined as long as the next does not
 *   exceed the rate of those before by more than two standard errors, and the joined ones are more than half of the classes and
 *   of the anchors. What exceeds it is overlap, or flips that cannot be told from it, and is not claimed.
 *
 * Without the majority "the lowest rate" may be that of one class, with nothing to compare it with. Measured: RESULTS.md.
 */
export function flipTerritories(
  { classRates, rates, votes, strangers }: LabelTransition,
  rate: number,
): FlipTerritories {
  const pure = Uint8Array.from(rates, (own) => (own <= PURER * rate ? 1 : 0));
  const common = new Uint8Array(rates.length);
  const order = [...votes.keys()]
    .filter((k) => votes[k]! > 0)
    .sort((a, b) => strangers[a]! / votes[a]! - strangers[b]! / votes[b]! || a - b);
  let all = 0;
  for (const k of order) all += votes[k]!;
  let joined = 0;
  let count = 0;
  let flipped = 0;
  for (const k of order) {
    if (count > 0) {
      // Half a flip more, so that a few pure votes do not make the rate 0 certain.
      const pooled = (flipped + 0.5) / (joined + 1);
      const error = Math.sqrt(pooled * (1 - pooled) * (1 / votes[k]! + 1 / joined));
      if (strangers[k]! / votes[k]! > pooled + TOLERANCE * error) break;
    }
    joined += votes[k]!;
    flipped += strangers[k]!;
    common[k] = 1;
    count++;
  }
  if (2 * count <= rates.length || 2 * joined <= all) common.fill(0);
  return { differ: classRates, pure, common };
}
