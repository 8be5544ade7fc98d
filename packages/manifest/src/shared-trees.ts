/** Trees over leaves that lie in memory which threads share: worked out there, in pieces that any number of workers join alike. */

import { CompactRange, combineSetRanges, emptySetRoot, type SetShare, type SetTotals } from "@assay/merkle";
import type { Executor, Task } from "@assay/records";
import { type LeafRange, type LeafShare, rangeOfLeaves, shareOfLeaves } from "./tasks.js";

/** Leaves whose range is worked out at once. */
const RANGE_LEAVES = 2 ** 18;

/** Whether leaves can be worked on elsewhere without being sent there. */
export function isShared(leaves: Uint8Array, executor: Executor | undefined): executor is Executor {
  return (
    executor !== undefined &&
    executor.sharesMemory === true &&
    executor.workers > 1 &&
    typeof SharedArrayBuffer !== "undefined" &&
    leaves.buffer instanceof SharedArrayBuffer
  );
}

/** Names a task of `tasks.ts`. */
function taskOf<Input, Output>(name: string, run: (options: null, input: Input) => Output): Task<null, Input, Output> {
  return {
    // A bundle of another module format does not know where it is; it has no workers either.
    module: import.meta.url === undefined ? "" : new URL("./tasks.js", import.meta.url).href,
    name,
    options: null,
    run,
  };
}

/** The range of consecutive leaves of a file that begins with it. */
export async function sharedRange(
  pieces: readonly Uint8Array[],
  executor: Executor,
  signal: AbortSignal | undefined,
): Promise<CompactRange> {
  const inputs: LeafRange[] = [];
  let begin = 0;
  let open: Uint8Array[] = [];
  let count = 0;
  for (const [i, piece] of pieces.entries()) {
    open.push(piece);
    count += piece.length / 32;
    if (count < RANGE_LEAVES && i + 1 < pieces.length) continue;
    inputs.push({ begin, pieces: open });
    begin += count;
    [open, count] = [[], 0];
  }
  const whole = new CompactRange();
  const options = signal === undefined ? {} : { signal };
  for await (const data of executor.map(taskOf("rangeOfLeaves", rangeOfLeaves), inputs, options))
    whole.merge(CompactRange.fromData(data));
  return whole;
}

/** The root of the set of leaves, and its totals. */
export async function sharedSetTotals(
  pieces: readonly Uint8Array[],
  executor: Executor,
  signal: AbortSignal | undefined,
): Promise<SetTotals> {
  // Each goes through all leaves: no more than there are workers, unless that leaves some with twice as much as others.
  const even = Math.ceil(Math.log2(executor.workers));
  const bits = Math.min(8, 2 ** even === executor.workers ? even : even + 1);
  const inputs = Array.from({ length: 2 ** bits }, (_, prefix): LeafShare => ({ pieces, bits, prefix }));
  const shares: SetShare[] = [];
  const options = signal === undefined ? {} : { signal };
  for await (const share of executor.map(taskOf("shareOfLeaves", shareOfLeaves), inputs, options)) shares.push(share);
  return {
    root:
      combineSetRanges(
        0,
        shares.map(({ top }) => top),
      ) ?? emptySetRoot(),
    distinct: shares.reduce((sum, { distinct }) => sum + distinct, 0),
    records: shares.reduce((sum, { records }) => sum + records, 0),
  };
}
