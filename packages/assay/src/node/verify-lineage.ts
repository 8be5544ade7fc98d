/** The parents of a folder while it is verified: each is judged, and the edge from them is proven. */

import {
  type DerivationEvidence,
  type DerivationVerdict,
  type FolderReader,
  type LineageSide,
  type OpenedManifest,
  openManifest,
  REMOVED_FILE,
  UPDATE_FILE,
  verifyDerivation,
  withKeptSets,
} from "@assay/manifest";
import { openFolderReader } from "@assay/manifest/node";
import { isAssayError } from "@assay/merkle";
import { judge, type Policy, readEvidence } from "@assay/provenance";
import { UsageError } from "../usage-error.js";
import { folderOf } from "./data.js";
import { asTampered, errorOf } from "./open-folder.js";
import type { Work } from "./options.js";

export interface ParentVerdict {
  /** SHA-256 of the parent's manifest.json. */
  readonly manifest: string;
  readonly verdict: "trusted" | "intact" | "not-checked";
  readonly edge: "proven" | "claimed" | "not-checked";
}

/** What was found out about parents and edge. */
export interface Lineage {
  readonly parents: ParentVerdict[];
  readonly derivation?: DerivationVerdict;
  readonly failures: readonly unknown[];
}

/** Judges each parent by the same policy, and proves the edge from what the folders committed to. */
export async function verifyLineage(
  opened: OpenedManifest,
  parentFolders: readonly string[],
  policy: Policy | undefined,
  at: Date | undefined,
  { signal, onWarning, siblings = [] }: Work & { readonly siblings?: readonly string[] },
): Promise<Lineage> {
  const named = opened.header.derivation?.parents ?? [];
  if (named.length === 0) {
    if (parentFolders.length > 0) throw new UsageError("--parent is given, and the manifest names no parent");
    if (siblings.length > 0) throw new UsageError("--sibling is given, and the manifest names no parent");
    return { parents: [], failures: [] };
  }
  if (siblings.length > 0 && opened.header.derivation?.operation !== "split")
    throw new UsageError("--sibling is given, and the manifest is of no split");
  const cancel = signal === undefined ? {} : { signal };
  const open = async (folder: string): Promise<{ reader: FolderReader; side: OpenedManifest }> => {
    const reader = await openFolderReader(folder, onWarning === undefined ? {} : { onNote: onWarning });
    return { reader, side: await openManifest(reader, cancel) };
  };
  const failures: unknown[] = [];
  const sides = new Map<string, OpenedManifest>();
  const verdicts = new Map<string, ParentVerdict["verdict"]>();
  const unmatched: OpenedManifest[] = [];
  for (const folder of parentFolders) {
    const { reader, side } = await open(folder);
    const judged = judge(
      await readEvidence(reader, cancel),
      policy === undefined || at === undefined ? {} : { policy, at },
    );
    if (!judged.ok) failures.push(...judged.failures.map((failure) => asTampered(errorOf(failure))));
    if (named.some((parent) => parent.manifest === side.manifest)) {
      sides.set(side.manifest, side);
      verdicts.set(side.manifest, judged.ok ? (judged.trust === "judged" ? "trusted" : "intact") : "not-checked");
    } else unmatched.push(side);
  }
  // A parent that is not the named one is refused by name, in the first place that is empty.
  const parents = named.map((parent) => sides.get(parent.manifest) ?? unmatched.shift());
  if (unmatched.length > 0)
    throw new UsageError(
      `--parent is given ${parentFolders.length} times, and the manifest names ${named.length} ${named.length === 1 ? "parent" : "parents"}`,
    );
  const removed = await opened.folder.read(REMOVED_FILE);
  const update = await opened.folder.read(UPDATE_FILE);
  const parts: OpenedManifest[] = [];
  for (const folder of siblings) parts.push((await open(folderOf(folder))).side);
  const listed = { ...(removed !== undefined && { removed }), ...(update !== undefined && { update }) };
  const derivation =
    (await provenByHeads(opened, { parents, siblings: parts, ...listed })) ??
    (await verifyDerivation(await withKeptSets(opened, cancel), {
      parents: await Promise.all(parents.map((side) => side && withKeptSets(side, cancel))),
      siblings: await Promise.all(parts.map((side) => withKeptSets(side, cancel))),
      ...listed,
    }));
  return {
    parents: named.map(({ manifest }) => ({
      manifest,
      verdict: verdicts.get(manifest) ?? "not-checked",
      edge: derivation?.edge ?? "not-checked",
    })),
    ...(derivation !== undefined && { derivation }),
    failures,
  };
}

/**
 * The verdict where heads, a set update and the leaves at the places of removed records are enough for it: then no set is
 * loaded, whatever its size. What does not hold by these is looked at again with all that was kept, which can say why.
 */
async function provenByHeads(child: LineageSide, evidence: DerivationEvidence): Promise<DerivationVerdict | undefined> {
  try {
    const verdict = await verifyDerivation(child, evidence);
    const isWhole = verdict?.edge === "proven" && verdict.deserves !== undefined && verdict.version !== "not-checked";
    return isWhole ? verdict : undefined;
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return undefined;
  }
}
