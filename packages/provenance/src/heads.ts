/**
 * What statements of a folder are about: the file `manifest.json` and the two head digests of its header
 * (docs/spec/manifest.md, "Heads" and "Signed"). A root alone is never a subject: it binds neither counts nor how leaves were made.
 */

import { assayDataset, assaySet, type ManifestHeader, manifestDigest, parseManifest } from "@assay/manifest";
import type { Statement, Subject } from "./statement.js";

/** The three digests that name a data set in statements, and its name. */
export interface ManifestHeads {
  /** The manifest's `name`. */
  readonly name: string;
  /** SHA-256 of the file `manifest.json`, lower-case hex. */
  readonly manifest: string;
  /** Head digest of the data set, `assayDataset`. */
  readonly dataset: string;
  /** Head digest of the set of records, `assaySet`. */
  readonly set: string;
}

/** A manifest that was read, and the heads that follow from its bytes. */
export interface ReadManifest {
  readonly header: ManifestHeader;
  readonly heads: ManifestHeads;
}

/**
 * Reads `manifest.json` and computes what statements about it must name.
 *
 * @throws FormatError `malformed-manifest`, `unknown-format`
 */
export function readManifest(bytes: Uint8Array): ReadManifest {
  const header = parseManifest(bytes);
  return {
    header,
    heads: {
      name: header.name,
      manifest: manifestDigest(bytes),
      dataset: assayDataset(header),
      set: assaySet(header),
    },
  };
}

/** The subjects of every statement about a data set: one digest each. */
export function subjectsOf(heads: ManifestHeads): readonly Subject[] {
  return [
    { name: "manifest.json", digest: { sha256: heads.manifest } },
    { name: heads.name, digest: { assayDataset: heads.dataset } },
    { name: `${heads.name}#set`, digest: { assaySet: heads.set } },
  ];
}

/** Whether a statement has exactly the three subjects of a data set, in their order, and no other. */
export function isAbout(statement: Statement, heads: ManifestHeads): boolean {
  const expected = subjectsOf(heads);
  return (
    statement.subject.length === expected.length &&
    expected.every(({ name, digest }, index) => {
      const actual = statement.subject[index];
      const [[algorithm, hex] = []] = Object.entries(digest);
      return (
        actual?.name === name &&
        Object.keys(actual.digest).length === 1 &&
        Object.hasOwn(actual.digest, algorithm!) &&
        actual.digest[algorithm!] === hex
      );
    })
  );
}
