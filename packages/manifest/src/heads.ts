/**
 * Head digests (`docs/spec/manifest.md`, "Heads"): what statements are about. A root alone binds neither counts nor what
 * its leaves are made of; a head does.
 */

import { fromHex, sha256, toHex } from "@assay/merkle";
import { encodeCbor, type LeafFormat } from "@assay/records";
import type { ManifestHeader, Parent } from "./header.js";

/** The part of a header, or of a parent, from which heads follow. */
export type HeadFields = Pick<ManifestHeader, "leaf" | "dataset" | "set"> | Pick<Parent, "leaf" | "dataset" | "set">;

/**
 * `assayDataset`: SHA-256(0x06 ‖ CBOR of {files, root, records, leafFormat, leafKey?}), lower-case hex.
 *
 * @example
 * const subject = { name, digest: { assayDataset: assayDataset(header) } };
 */
export function assayDataset({ leaf, dataset, set }: HeadFields): string {
  return head(0x06, leaf, { files: dataset.files, root: fromHex(dataset.root), records: set.records });
}

/** `assaySet`: SHA-256(0x07 ‖ CBOR of {distinct, records, root, leafFormat, leafKey?}), lower-case hex. */
export function assaySet({ leaf, set }: Omit<HeadFields, "dataset">): string {
  return head(0x07, leaf, { distinct: set.distinct, records: set.records, root: fromHex(set.root) });
}

function head(
  tag: number,
  leaf: { readonly format: LeafFormat; readonly keyId?: string },
  fields: Record<string, number | Uint8Array>,
): string {
  const map: Record<string, number | string | Uint8Array> = { ...fields, leafFormat: leaf.format };
  if (leaf.keyId !== undefined) map.leafKey = leaf.keyId;
  const bytes = encodeCbor(map);
  const input = new Uint8Array(1 + bytes.length);
  input[0] = tag;
  input.set(bytes, 1);
  return toHex(sha256(input));
}
