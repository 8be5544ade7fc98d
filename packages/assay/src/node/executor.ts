/** Workers for the time of one operation. */

import { type Executor, inlineExecutor } from "@assay/records";
import { workerExecutor } from "@assay/records/node";
import type { Work } from "./options.js";

/**
 * Runs `use` with an executor and ends its workers, whatever happens.
 *
 * @param isInline Work is done here: for operations that wait for every piece of a file, so that they can be interrupted.
 *   A thread would cost a tenth of a second.
 */
export async function withExecutor<T>(
  { workers, isInline = false }: Work & { readonly isInline?: boolean },
  use: (executor: Executor) => Promise<T>,
): Promise<T> {
  const executor = isInline ? inlineExecutor() : workerExecutor(workers === undefined ? {} : { workers });
  try {
    return await use(executor);
  } finally {
    await executor.close();
  }
}

/** Signal and progress of an operation, as the library takes them. */
export function workOf({ signal, onProgress }: Work): Pick<Work, "signal" | "onProgress"> {
  return { ...(signal !== undefined && { signal }), ...(onProgress !== undefined && { onProgress }) };
}
