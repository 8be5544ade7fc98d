/** Workers for the time of one operation. */

import type { Executor } from "@assay/records";
import { workerExecutor } from "@assay/records/node";
import type { Work } from "./options.js";

/** Runs `use` with an executor and ends its workers, whatever happens. */
export async function withExecutor<T>({ workers }: Work, use: (executor: Executor) => Promise<T>): Promise<T> {
  const executor = workerExecutor(workers === undefined ? {} : { workers });
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
