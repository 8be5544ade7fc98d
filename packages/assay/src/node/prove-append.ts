/** `assay prove --append-from`: a proof that a data set was only appended to. */

import { type AppendProof, type OpenedManifest, openManifest, proveAppend as proveAppendOf } from "@assay/manifest";
import { openFolderReader } from "@assay/manifest/node";
import { formatProof, isAssayError } from "@assay/merkle";
import { UsageError } from "../usage-error.js";
import { rebuild } from "./compare-data-sets.js";
import { folderOf } from "./data.js";
import { withExecutor } from "./executor.js";
import { writeProof } from "./named-file.js";
import type { Work } from "./options.js";

export interface ProveAppendOptions extends Work {
  /** Folder of the earlier version. */
  readonly from: string;
  /** Files of the earlier version that it is about. Default all. */
  readonly files?: readonly string[];
  /** Where the proof goes. Default: only returned. */
  readonly output?: string;
  /** Where the data of the later version is, for what its folder does not keep. */
  readonly data?: string;
  readonly leafKey?: Uint8Array;
}

export interface ProveAppendResult {
  readonly kind: "append";
  /** The bytes of the proof file, as text. */
  readonly proof: string;
  /** Files that it is about, with their records then and now. */
  readonly files: readonly { readonly path: string; readonly before: number; readonly after: number }[];
  /** Whether these are all files of the earlier version. */
  readonly whole: boolean;
  readonly output?: string;
  /** One sentence. Holds data: escape it. */
  readonly says: string;
}

/**
 * Makes the proof, and checks it before it is handed out. Reads the tiles on the paths to the ends of files that grew, and
 * the data only where they were not kept.
 *
 * @param target folder of the later version.
 * @throws UsageError for a file that the earlier version has not; VerificationError `file-missing`, `size-order`,
 *   `root-mismatch` where something else was done than appending; SourceError `not-kept`, `data-missing`.
 */
export async function proveAppend(target: string, options: ProveAppendOptions): Promise<ProveAppendResult> {
  const { files, output, leafKey } = options;
  const open = async (folder: string): Promise<OpenedManifest> =>
    openManifest(
      await openFolderReader(folderOf(folder)),
      options.signal === undefined ? {} : { signal: options.signal },
    );
  const [first, second] = [await open(options.from), await open(target)];
  const unknown = files?.find((path) => !first.entries.some((entry) => entry.path === path));
  if (unknown !== undefined)
    throw new UsageError(`--file ${unknown}: there is no such file in ${options.from}, so nothing was appended to it`);
  if (first.entries.length === 0) throw new UsageError(`${options.from} has no files: nothing can be proven of them`);
  const make = (side: Parameters<typeof proveAppendOf>[1]): Promise<AppendProof> => proveAppendOf(first, side, files);
  const proof = await make(second).catch((error: unknown) => {
    if (!isAssayError(error) || error.code !== "not-kept") throw error;
    const reading = leafKey === undefined ? {} : { reading: { leafKey } };
    return withExecutor(options, async (executor, spool) => {
      const made = await rebuild(second, folderOf(target), executor, { ...options, spool, ...reading });
      // Its leaves are in memory now: no tile is asked for.
      const { header, entries, leavesOf } = { ...second, ...made };
      return make({ header, entries, ...(leavesOf === undefined ? {} : { leavesOf }) });
    });
  });
  const shown = proof.files.map(({ earlier, later }) => ({
    path: earlier.path,
    before: earlier.records,
    after: later.records,
  }));
  const text = new TextDecoder().decode(formatProof(proof));
  if (output !== undefined) await writeProof(output, text);
  const added = shown.reduce((sum, { before, after }) => sum + after - before, 0);
  return {
    kind: "append",
    proof: text,
    files: shown,
    whole: shown.length === first.entries.length,
    ...(output === undefined ? {} : { output }),
    says: `${shown.length} of the ${first.entries.length} files of ${options.from} have their records first, and ${added} behind them`,
  };
}
