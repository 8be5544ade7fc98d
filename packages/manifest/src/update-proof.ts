/** `filter` and `quarantine` from the two set heads alone: the changes are those of the list, and nothing else changed. */

import { fromHex, parseProofFile, type SetChanges, type SetUpdate, verifySetUpdate } from "@assay/merkle";
import type { Operation, SetTreeHead } from "./header.js";
import { derivationMismatch } from "./lineage.js";

/**
 * Verifies `derivation/update.json`.
 *
 * @param changes what the list of removed records takes out: −1 for each line.
 * @throws VerificationError with the codes of a set update; `derivation-mismatch` when the heads' numbers of different
 *   records do not follow from it.
 */
export function proveUpdate(
  operation: Operation,
  parent: SetTreeHead,
  child: SetTreeHead,
  changes: SetChanges,
  update: Uint8Array,
): void {
  const proof = parseProofFile(update);
  const roots = { first: fromHex(parent.root), second: fromHex(child.root) };
  verifySetUpdate(proof, roots, { expected: changes });
  const gone = countGone(proof as unknown as SetUpdate);
  if (child.distinct === parent.distinct - gone) return;
  throw derivationMismatch(
    operation,
    `the child would have ${parent.distinct - gone} different records, and it has ${child.distinct}`,
    {
      expected: parent.distinct - gone,
      actual: child.distinct,
    },
  );
}

/** Keys of a verified update whose count becomes 0. Its opened leaves are the old counts. */
function countGone({ changes, tree }: SetUpdate): number {
  const old = new Map<string, number>();
  const waiting = [tree];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (part === null || typeof part === "string") continue;
    if (part.length === 2) old.set(part[0], part[1]);
    else waiting.push(part[1], part[2]);
  }
  return changes.filter(([key, difference]) => (old.get(key) ?? 0) + difference === 0).length;
}
