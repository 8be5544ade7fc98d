/**
 * Whether a tombstone says what its manifest does: the parent that the child names, and as many records gone as lie between
 * the two set heads. That exactly the listed ones are gone is proven with the edge (`@assay/manifest`).
 */

import { assayDataset, assaySet, type ManifestHeader } from "@assay/manifest";
import { type Exhibit, nameOf } from "./exhibit.js";
import { TOMBSTONE, type TombstonePredicate } from "./predicates/tombstone.js";
import type { Failure } from "./verdict.js";

export function faultsOfTombstones({ derivation, set }: ManifestHeader, exhibits: readonly Exhibit[]): Failure[] {
  const failures: Failure[] = [];
  for (const exhibit of exhibits) {
    if (exhibit.kind?.predicateType !== TOMBSTONE || exhibit.about !== "this") continue;
    const { parent, erased } = exhibit.read.statement.predicate as TombstonePredicate;
    const fail = (why: string): void => {
      const message = `${nameOf(exhibit)} is no tombstone of this data set: ${why}.`;
      const details = { statement: exhibit.read.digest };
      failures.push({ code: "derivation-mismatch", class: "VerificationError", message, details });
    };
    const named = derivation?.parents[0];
    if (named === undefined || derivation?.parameters.removed === undefined) {
      fail("its manifest names no parent that records were removed from");
      continue;
    }
    const isParent =
      parent.manifest === named.manifest &&
      parent.assayDataset === assayDataset(named) &&
      parent.assaySet === assaySet(named);
    if (!isParent) fail("it names another parent than the manifest");
    const gone = { records: named.set.records - set.records, distinct: named.set.distinct - set.distinct };
    if (erased.records === gone.records && erased.distinct === gone.distinct) continue;
    fail(
      `it says that ${erased.records} records were erased, ${erased.distinct} of them different; by the set heads ${gone.records} and ${gone.distinct} are gone`,
    );
  }
  return failures;
}
