/** Workers for the time of one operation, and room for data that can be read once. */

import { type Executor, inlineExecutor } from "@assay/records";
import { openSpool, type Spool, workerExecutor } from "@assay/records/node";
import type { Output, Work } from "./options.js";

/**
 * Runs `use` with an executor and a spool, then ends the workers and removes what was copied, whatever happens.
 *
 * The spool is made in `output.temp`, else where the system has temporary files.
 *
 * @param isInline Work is done here: for operations that wait for every piece of a file, so that they can be interrupted.
 *   A thread would cost a tenth of a second.
 */
export async function withExecutor<T>(
  { workers, output, isInline = false }: Work & { readonly output?: Output | string; readonly isInline?: boolean },
  use: (executor: Executor, spool: Spool) => Promise<T>,
): Promise<T> {
  const directory = typeof output === "object" ? output.temp : undefined;
  const spool = openSpool(directory === undefined ? {} : { directory });
  const executor = isInline ? inlineExecutor() : workerExecutor(workers === undefined ? {} : { workers });
  try {
    return await use(executor, spool);
  } finally {
    await executor.close();
    await spool.close();
  }
}

/** Signal and progress of an operation, as the library takes them. */
export function workOf({ signal, onProgress }: Work): Pick<Work, "signal" | "onProgress"> {
  return { ...(signal !== undefined && { signal }), ...(onProgress !== undefined && { onProgress }) };
}
