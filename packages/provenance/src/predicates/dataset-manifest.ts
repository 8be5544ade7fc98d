/**
 * `urn:assay:predicate:dataset-manifest/v1`: this is the data set. Repeats the header of `manifest.json`, so that the
 * statement can be read without the file, and names `files.jsonl`.
 */

import type { ManifestHeader } from "@assay/manifest";
import { canonicalJson, sha256, toHex } from "@assay/merkle";
import { z } from "zod";
import { type ManifestHeads, subjectsOf } from "../heads.js";
import { PREDICATE_BASE, STATEMENT_TYPE, type Statement } from "../statement.js";
import { digest, instant, jsonObject, tool } from "./fields.js";
import type { PredicateKind, Tool } from "./predicate.js";

export const DATASET_MANIFEST = `${PREDICATE_BASE}dataset-manifest/v1`;

export interface DatasetManifestPredicate {
  /** The header of `manifest.json`, member by member. */
  readonly header: ManifestHeader;
  /** SHA-256 of `manifest.json`: of the RFC 8785 bytes of `header` and one line feed. */
  readonly manifest: { readonly sha256: string };
  /** SHA-256 of `files.jsonl`. */
  readonly files: { readonly sha256: string };
  /** When the manifest was made, as the signer says. */
  readonly createdAt: string;
  readonly tool: Tool;
}

const schema = z.strictObject({
  header: jsonObject,
  manifest: z.strictObject({ sha256: digest }),
  files: z.strictObject({ sha256: digest }),
  createdAt: instant,
  tool,
});

export const datasetManifest: PredicateKind<DatasetManifestPredicate> = {
  predicateType: DATASET_MANIFEST,
  schema,
  faultOf({ header, manifest }, { subject }) {
    if (!subject.some(({ digest }) => digest.sha256 === manifest.sha256)) return "manifest.sha256 is not a subject";
    const bytes = new TextEncoder().encode(`${canonicalJson(header)}\n`);
    return toHex(sha256(bytes)) === manifest.sha256 ? undefined : "header and manifest.sha256 do not belong together";
  },
  timeOf: ({ createdAt }) => createdAt,
  artefactsOf: ({ files }) => [{ path: "files.jsonl", sha256: files.sha256 }],
};

/** Builds the statement that says what a data set is. */
export function buildDatasetManifestStatement(
  heads: ManifestHeads,
  predicate: Omit<DatasetManifestPredicate, "manifest">,
): Statement<DatasetManifestPredicate> {
  return {
    _type: STATEMENT_TYPE,
    subject: subjectsOf(heads),
    predicateType: DATASET_MANIFEST,
    predicate: { ...predicate, manifest: { sha256: heads.manifest } },
  };
}
