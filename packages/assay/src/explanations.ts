/** What checks and error codes mean, in plain words, for `assay explain` and the documentation. */

import type { Calibration } from "@assay/checks";
import type { AssayErrorCode } from "@assay/merkle";

export interface CheckText {
  readonly finds: string;
  readonly method: string;
  readonly reads: string;
  /** What it cannot see. */
  readonly blind: string;
}

/** By check id. */
export const CHECK_TEXTS: Readonly<Record<string, CheckText>> = {
  outliers: {
    finds: "records that are odd among the others",
    method:
      "numbers by isolation forest, sampled neighbours and trimmed Mahalanobis distance, categories and missing values by how rare they are, texts by their form; with trusted records findings are conformal for all of a record, else by decoy for its numbers alone, and the rest is a ranking without a claim",
    reads: "numbers, dates, booleans, categories, texts, which values are missing, images, and embeddings where given",
    blind:
      "poison that looks like the rest; a few odd records among many that are odd anyway; usual categories in an unusual combination; what a text means; names and codes that rarely repeat",
  },
  "outliers.isolation": {
    finds: "records that random cuts separate early, ranked; no claim. Runs only when it is named",
    method: "isolation forest of 100 trees of 256 records: the first part of the score of outliers, alone",
    reads: "numeric feature columns, and embeddings where given",
    blind: "records that are odd among their neighbours only; how many of its suspects are wrong",
  },
  "outliers.neighbours": {
    finds: "records that are far from sampled records, ranked; no claim. Runs only when it is named",
    method:
      "distance to the nearest of 20 sampled records, mean of 200 draws: the second part of the score of outliers, alone",
    reads: "numeric feature columns, and embeddings where given",
    blind: "records that are odd among their neighbours only; how many of its suspects are wrong",
  },
  "outliers.covariance": {
    finds: "records whose numbers do not go together as in most, ranked; no claim. Runs only when it is named",
    method: "Mahalanobis distance from the middle 75 % of the records: the third part of the score of outliers, alone",
    reads: "numeric feature columns, and embeddings where given",
    blind: "odd combinations that are no question of correlation; how many of its suspects are wrong",
  },
  "outliers.lof": {
    finds:
      "records whose surroundings are thinner than their neighbours', ranked; no claim. Runs only when it is named",
    method: "local outlier factor of the 20 nearest records, as scikit-learn has it, on columns in robust units",
    reads: "numeric feature columns, and embeddings where given",
    blind: "knots of odd records that are neighbours of each other; how many of its suspects are wrong",
  },
  "outliers.ecod": {
    finds: "records that lie far out in single columns, ranked; no claim. Runs only when it is named",
    method: "empirical cumulative tails (ECOD), as PyOD has it",
    reads: "numeric feature columns, and embeddings where given",
    blind: "odd combinations of values that are each usual; how many of its suspects are wrong",
  },
  "outliers.copod": {
    finds: "records that lie far out in single columns, ranked; no claim. Runs only when it is named",
    method: "empirical copula tails (COPOD), as PyOD has it",
    reads: "numeric feature columns, and embeddings where given",
    blind: "odd combinations of values that are each usual; how many of its suspects are wrong",
  },
  "outliers.hbos": {
    finds: "records in thin bins of single columns, ranked; no claim. Runs only when it is named",
    method: "histogram-based outlier score (HBOS) with ten bins, as PyOD has it, on columns in robust units",
    reads: "numeric feature columns, and embeddings where given",
    blind: "odd combinations of values that are each usual; how many of its suspects are wrong",
  },
  "label-flips": {
    finds: "records whose label does not belong to their features",
    method: "out-of-fold mixture of classifiers, flip rate from anchors, findings by posterior with a +1 cut",
    reads:
      "the label (of lists, and of several label columns, each by itself) and all features; embeddings instead of text, where given; class probabilities instead of all, where given",
    blind: "flips on records that are ambiguous anyway; a class of which most is flipped; clean-label poison",
  },
  "label-flips.confident-learning": {
    finds: "the records that cleanlab would flag, ranked; no claim. Runs only when it is named",
    method: "confident learning with cleanlab's seven filters, by the probabilities given or the built-in learners'",
    reads: "the label and class probabilities, else what label-flips reads",
    blind: "noise that depends on the record and not on its class; how many of its suspects are wrong",
  },
  "rare-values": {
    finds: "single cells that are unlike their column or the rest of their record, with the value to expect",
    method:
      "numbers against what the rest of the record suggests, conformal with trusted records; rare values that look like a frequent one; texts and infinities among numbers",
    reads: "numbers and categories",
    blind: "values that are wrong and usual; text; without trusted records it claims nothing about numbers",
  },
  annotators: {
    finds: "annotators who disagree with the others more often than others do, and labels that are probably wrong",
    method:
      "Dawid and Skene's model of observer errors; exact test of each annotator against the majority of the others",
    reads:
      "the label, who gave it (annotator) and what was labelled (item; else equal features); or a column for each annotator (annotations)",
    blind: "errors that annotators share; items with one label; that somebody was given harder items",
  },
  "exact-duplicates": {
    finds: "records that occur more than once",
    method: "equal leaves",
    reads: "every column",
    blind: "copies that differ in anything",
  },
  "near-duplicates": {
    finds: "records that are nearly the same",
    method: "MinHash candidates, each verified by its exact similarity",
    reads: "all features",
    blind: "copies that were reworded",
  },
  "conflicting-duplicates": {
    finds: "records with equal features and different labels",
    method: "groups of equal features, tested against what is usual in the data",
    reads: "the label and all features",
    blind: "conflicts between records that differ in a feature",
  },
  drift: {
    finds: "columns that are not distributed as in an earlier run (--baseline), or whose kind changed",
    method:
      "Kolmogorov–Smirnov, chi-squared and exact tests on the sketches of both runs, Benjamini–Hochberg, and an effect of at least a tenth of the records",
    reads: "all features and the label; of the earlier run only its sketches.arrow",
    blind:
      "drift of columns together that leaves each as it was; what texts say; changes of less than a tenth of the records",
  },
  "bad-sources": {
    finds: "sources whose records are worse than those of the others",
    method: "exact tests of each source against the rest, over what the other checks found",
    reads: "the source column",
    blind: "a source whose poison no other check ranks",
  },
};

/** Why the claim of an outcome holds, or that it makes none. */
export const CALIBRATION_TEXTS: Readonly<Record<Calibration, string>> = {
  conformal:
    "Each record is compared with the trusted ones: p is the share of them (and one more) that are at least as odd, q follows by Benjamini-Hochberg. It holds where trusted records are exchangeable with good ones.",
  decoy:
    "The same numbers with every column shuffled by itself are scored too: findings stop where the decoy would have as many as the claimed rate allows. It is about the numbers alone, and conservative where single values are extreme.",
  posterior:
    "Each label has a probability of being wrong, by the flip rate where predictions are surest; findings are the longest list whose expected false share, and one more, stays below the claimed rate.",
  exact: "A statement that is true of the data, or an exact test: nothing was estimated but the test's own rate.",
  asymptotic: "A test whose distribution holds for many records; small samples are left out or said so.",
  uncalibrated: "No claim: a ranking. Nothing says how odd honest records are here; the notes of the outcome say why.",
  "not-applicable": "The check did not run to an answer, so there is nothing to claim.",
};

/** By error code. */
export const CODE_TEXTS: Readonly<Record<AssayErrorCode, { readonly exitCode: number; readonly text: string }>> = {
  "ambiguous-record": {
    exitCode: 2,
    text: "A JSON record can be read in more than 256 ways, because its columns have different types in different files. Give its leaf instead.",
  },
  "artefact-mismatch": {
    exitCode: 2,
    text: "A file of the folder is not the one that its statement names: it was altered, is missing, or nothing names it.",
  },
  "bytes-mismatch": { exitCode: 2, text: "A data file has other bytes than the manifest says." },
  "change-mismatch": { exitCode: 2, text: "A set update changes other records than were expected." },
  "count-mismatch": { exitCode: 2, text: "The number of records, or of different ones, is not the stated one." },
  "count-overflow": { exitCode: 2, text: "A count goes beyond 2^53-1." },
  "count-underflow": { exitCode: 2, text: "More copies are removed than there are." },
  "dataset-root-mismatch": { exitCode: 2, text: "The file entries do not give the dataset root." },
  "derivation-mismatch": { exitCode: 2, text: "The data is not what the stated operation makes of its parents." },
  "empty-start": { exitCode: 2, text: "A consistency proof from an empty tree proves nothing." },
  "file-missing": { exitCode: 2, text: "A file of the manifest is not there." },
  "file-unexpected": { exitCode: 2, text: "There is a file that the manifest does not have." },
  "head-mismatch": { exitCode: 2, text: "A statement or child names another manifest than this one." },
  "index-out-of-range": { exitCode: 2, text: "A proof is about a record number that does not exist." },
  "leaf-format-mismatch": { exitCode: 2, text: "Leaves were made in another format or with another key." },
  "leaf-key-mismatch": { exitCode: 2, text: "The leaf key is not the one that the leaves were made with." },
  "leaf-key-missing": { exitCode: 2, text: "The leaves are keyed; this needs --leaf-key." },
  "leaf-mismatch": { exitCode: 2, text: "The record is not the one that the proof is about." },
  "proof-length": { exitCode: 2, text: "A proof has too few or too many hashes." },
  "reading-mismatch": { exitCode: 2, text: "Parent and child were read with different types." },
  "records-root-mismatch": { exitCode: 2, text: "The records of a file do not give its root." },
  "removed-mismatch": { exitCode: 2, text: "The list of removed records is not the one that the manifest names." },
  "root-mismatch": { exitCode: 2, text: "A tree, tile, page or proof gives another root." },
  "schema-digest-mismatch": { exitCode: 2, text: "A schema is not the one that its digest names." },
  "set-root-mismatch": { exitCode: 2, text: "The records as a set give another root." },
  "size-mismatch": { exitCode: 2, text: "A tree, list or file has another size." },
  "size-order": { exitCode: 2, text: "A consistency proof runs backwards." },
  "split-overlap": { exitCode: 2, text: "A record is in two parts of a split." },
  "split-root-mismatch": { exitCode: 2, text: "The records of a split are not the stated ones." },
  "tree-incomplete": { exitCode: 2, text: "A set proof ends in a hash where it should open a leaf." },
  "tree-not-minimal": { exitCode: 2, text: "A set proof opens more than was asked." },
  "tree-order": { exitCode: 2, text: "A set proof is not a tree of its keys." },
  "version-mismatch": { exitCode: 2, text: "The stated version claims less change than there is." },
  "bad-signature": { exitCode: 3, text: "A signature does not verify." },
  "expired-key": { exitCode: 3, text: "The key was not valid at the trusted time." },
  "missing-statement": { exitCode: 3, text: "The policy wants a statement that is not there." },
  "not-separate": { exitCode: 3, text: "One person fills two roles that the policy keeps apart." },
  "revoked-key": { exitCode: 3, text: "The key was revoked." },
  "stale-statement": { exitCode: 3, text: "The newest statement is older than the policy allows." },
  "threshold-not-met": { exitCode: 3, text: "Too few people signed." },
  "unknown-signer": {
    exitCode: 3,
    text: "The key is not one that is trusted; or it was taken from the judged folder itself.",
  },
  "wrong-role": { exitCode: 3, text: "The signer does not have the role." },
  "ambiguous-split": { exitCode: 4, text: "A file matches two split patterns." },
  "bad-arrow": { exitCode: 4, text: "Not an Arrow file that can be read: truncated or damaged." },
  "bad-compression": {
    exitCode: 4,
    text: "Compressed data is damaged or cut off, or a format that is not read compressed is.",
  },
  "bad-config": { exitCode: 4, text: "The config file is not valid." },
  "bad-csv": { exitCode: 4, text: "A quote, line end or field is not where CSV has one." },
  "bad-dialect": { exitCode: 4, text: "The CSV dialect is not one that can be read." },
  "bad-json": { exitCode: 4, text: "Not JSON." },
  "bad-key": { exitCode: 4, text: "Not a key that can be used; or a wrong passphrase." },
  "bad-matrix": {
    exitCode: 4,
    text: "A matrix of probabilities or embeddings cannot be read, does not have one row for each record or one column for each class, or holds what is no finite number or no probability.",
  },
  "bad-parquet": { exitCode: 4, text: "Not a Parquet file that can be read: truncated or damaged." },
  "bad-path": { exitCode: 4, text: "A path that could lead elsewhere or is written ambiguously." },
  "bad-policy": { exitCode: 4, text: "The policy file is not valid." },
  "bad-schema": { exitCode: 4, text: "The declared schema is not valid." },
  "bad-tar": { exitCode: 4, text: "A tar archive is damaged." },
  "bad-value": { exitCode: 4, text: "A value does not have the form of its type." },
  "count-out-of-range": { exitCode: 4, text: "A count is not between 1 and 2^53-1." },
  "duplicate-column": { exitCode: 4, text: "Two columns have the same name." },
  "duplicate-key": { exitCode: 4, text: "An object has the same member twice." },
  "duplicate-map-key": { exitCode: 4, text: "A map has the same key twice." },
  "duplicate-path": { exitCode: 4, text: "Two files have the same path." },
  "invalid-utf8": { exitCode: 4, text: "Text is not UTF-8." },
  "key-order": { exitCode: 4, text: "Keys are not ascending." },
  "leaf-key-too-short": { exitCode: 4, text: "A leaf key has at least 32 bytes." },
  "limit-exceeded": { exitCode: 4, text: "A cap on hostile input was hit; the message names it." },
  "malformed-entry": { exitCode: 4, text: "A file entry is damaged." },
  "malformed-envelope": { exitCode: 4, text: "A signature envelope is damaged or written loosely." },
  "malformed-findings": { exitCode: 4, text: "The list of findings is damaged." },
  "malformed-leaf-key": { exitCode: 4, text: "A leaf key file is hex digits and one line end." },
  "malformed-manifest": { exitCode: 4, text: "The manifest is damaged." },
  "malformed-page": { exitCode: 4, text: "A page of the set tree is damaged." },
  "malformed-pins": { exitCode: 4, text: "The list of pinned URLs is damaged." },
  "malformed-proof": { exitCode: 4, text: "A proof file is damaged." },
  "malformed-removed": { exitCode: 4, text: "The list of removed records is damaged." },
  "malformed-statement": { exitCode: 4, text: "A statement is damaged." },
  "malformed-tile": { exitCode: 4, text: "A tile is damaged." },
  "no-header": { exitCode: 4, text: "A CSV file has no line of names; say --no-header if that is right." },
  "not-a-record": { exitCode: 4, text: "A line is JSON but no object." },
  "not-canonical": { exitCode: 4, text: "Bytes are not in the one form that is accepted." },
  "null-map-key": { exitCode: 4, text: "A map has a null key." },
  "number-out-of-range": { exitCode: 4, text: "A number does not fit its type." },
  "path-collision": { exitCode: 4, text: "Two paths differ only in case or Unicode form." },
  "path-order": { exitCode: 4, text: "Paths are not ascending." },
  "ragged-record": {
    exitCode: 4,
    text: "A record has another number of fields than the header, or an array another number of records than the others.",
  },
  "schema-mismatch": { exitCode: 4, text: "Data and schema do not agree." },
  "too-deep": { exitCode: 4, text: "A value lies inside more than 64 containers." },
  "undeclared-column": { exitCode: 4, text: "A column that the schema does not declare." },
  "unknown-format": { exitCode: 4, text: "A format or version that is not known." },
  "unsupported-leaf-format": { exitCode: 4, text: "This leaf format is not for this kind of file." },
  "unsupported-type": { exitCode: 4, text: "A column has a type that has no leaf." },
  "cannot-read": { exitCode: 5, text: "The file cannot be read." },
  "cannot-write": { exitCode: 5, text: "The file cannot be written." },
  "data-missing": { exitCode: 5, text: "The data of the folder is not at hand; say where with --data, or --no-data." },
  "disk-full": { exitCode: 5, text: "The disk is full; nothing was left behind." },
  "executor-failed": {
    exitCode: 5,
    text: "The cluster that was to do the work could not; its own words are in the message.",
  },
  exists: { exitCode: 5, text: "The output exists; choose another, or say --overwrite." },
  "is-a-directory": { exitCode: 5, text: "A folder stands where a file is expected." },
  "link-leaves-root": { exitCode: 5, text: "A link leads out of the data." },
  "link-loop": { exitCode: 5, text: "A link leads to a folder above itself." },
  locked: { exitCode: 5, text: "Another run is writing the folder." },
  "not-found": { exitCode: 5, text: "There is no such file." },
  "not-kept": { exitCode: 5, text: "What is needed was not kept in the folder; give the data." },
  "permission-denied": { exitCode: 5, text: "The system does not allow it." },
  "source-changed": { exitCode: 5, text: "The data changed while it was read." },
  "unwritable-path": { exitCode: 5, text: "A name that this system cannot write." },
  "check-failed": { exitCode: 1, text: "A check went wrong." },
  "check-not-completed": { exitCode: 1, text: "A required check did not complete." },
  "control-gap": { exitCode: 1, text: "A required control has a gap." },
  "excluded-column": { exitCode: 1, text: "A column was not looked at, and the policy does not allow that." },
  "gate-failed": { exitCode: 1, text: "Findings, or a rule of the policy, close the gate." },
  "memory-exceeded": { exitCode: 1, text: "A check needs more memory than it may have." },
  "power-too-low": { exitCode: 1, text: "A check would not have caught planted poison." },
  "too-many-findings": { exitCode: 1, text: "More findings than the policy allows." },
};
