/** All leaves of a scanned source, file by file: what building and verifying both begin with. */

import type { Executor, Kinds, LeafFormat, Progress, ScannedSource, SplitRule } from "@assay/records";
import { hashSource, joinAllKinds } from "@assay/records";

export interface CollectOptions {
  readonly leafFormat: LeafFormat;
  /** Key of keyed leaves. Default none. */
  readonly leafKey?: Uint8Array;
  readonly splits?: SplitRule;
  /** Where the work runs. Default: here. */
  readonly executor?: Executor;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Leaves by the ordinal of their file in the source. */
export interface CollectedLeaves {
  /** 32 bytes a record, in file order. */
  readonly leaves: readonly Uint8Array[];
  /** Column → kind, of each file. */
  readonly kinds: readonly Kinds[];
  /** Split name → pieces of leaves. Splits by path are all there, also those that no file is in. */
  readonly splits: ReadonlyMap<string, readonly Uint8Array[]>;
}

/**
 * Hashes every record. Takes 32 bytes a record, twice that with splits. The answer does not depend on the executor.
 *
 * @throws whatever reading refuses; see `hashSource`.
 */
export async function collectLeaves(scanned: ScannedSource, options: CollectOptions): Promise<CollectedLeaves> {
  const { leafFormat, leafKey, splits: rule, executor, signal, onProgress } = options;
  const leaves = scanned.files.map(({ index }) => new Uint8Array(32 * index.records));
  const kinds: Kinds[] = scanned.files.map(() => ({}));
  const splits = new Map<string, Uint8Array[]>();
  if (rule !== undefined && "paths" in rule) for (const name of Object.keys(rule.paths)) splits.set(name, []);
  const hashed = hashSource(scanned, {
    leafFormat,
    ...(leafKey === undefined ? {} : { leafKey }),
    ...(rule === undefined ? {} : { splits: rule }),
    ...(executor === undefined ? {} : { executor }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  for await (const part of hashed) {
    (leaves[part.file] as Uint8Array).set(part.leaves, 32 * part.begin);
    kinds[part.file] = joinAllKinds(kinds[part.file] as Kinds, part.kinds);
    if (part.splitNames === undefined || part.splitOf === undefined) continue;
    for (const [i, name] of part.splitNames.entries()) {
      const pieces = splits.get(name);
      const piece = leavesOfSplit(part.leaves, part.splitOf, i);
      if (pieces === undefined) splits.set(name, [piece]);
      else pieces.push(piece);
    }
  }
  return { leaves, kinds, splits };
}

/** The leaves of one split among those of a part, 32 bytes each. */
export function leavesOfSplit(leaves: Uint8Array, splitOf: Int32Array, split: number): Uint8Array {
  let count = 0;
  for (const of of splitOf) if (of === split) count++;
  if (count === splitOf.length) return leaves;
  const piece = new Uint8Array(32 * count);
  let at = 0;
  for (let i = 0; i < splitOf.length; i++) {
    if (splitOf[i] !== split) continue;
    piece.set(leaves.subarray(32 * i, 32 * i + 32), at);
    at += 32;
  }
  return piece;
}
