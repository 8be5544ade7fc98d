/**
 * The executor of `@assay/records` on a Spark cluster. Spark is a scheduler here and no more: it is told numbers of bins and
 * gives back digests. What a map asks and what comes of it goes through a folder that driver and executors both see, and
 * nothing there is believed that its digest does not prove. So retries, lost machines and twins never change an answer.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Executor, MapOptions, Task } from "@assay/records";
import { fromPlainError } from "@assay/records/node";
import { buildPlan, writePlan } from "./plan.js";
import { checkAcks, checkAttempts, readResult, resultsFolder } from "./result.js";
import { SparkSession } from "./spark-session.js";

export interface SparkExecutorOptions {
  /** Master URL: `spark://host:7077`, `yarn`, `k8s://…`, `local-cluster[2,1,1024]`, `local[2]`. */
  readonly master: string;
  /** The `spark-submit` command or its path; Spark 4.0 or later. Default `spark-submit`. */
  readonly submit?: string;
  /** Python with pyarrow and pandas, on driver and executors. Default `python3`. */
  readonly python?: string;
  /** Node on the executors, of the same version as here. Default the path of this Node. */
  readonly node?: string;
  /** Spark configuration (`spark.executor.memory`, …). Default none besides `spark.ui.enabled=false`. */
  readonly conf?: Readonly<Record<string, string>>;
  /**
   * Folder that driver and executors see under the same path. Holds inputs and results of running maps, 32 bytes a record
   * and more; and the leaf key, if there is one. Default the folder for temporary files, which is right on one machine only.
   */
  readonly workDirectory?: string;
  /** Most Spark tasks for one map, 1 … 50,000; four for each core of the cluster are right. Default 32. */
  readonly partitions?: number;
  /** Longest that one map may take. Default 86,400,000 (a day). */
  readonly timeoutMs?: number;
  /** Longest that Spark may take to start. Default 180,000 (three minutes). */
  readonly startTimeoutMs?: number;
}

/** A Node timer cannot wait longer. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Runs tasks on a Spark cluster: the same calls, the same bytes as on worker threads. Spark starts with the first map, and
 * ends with `close()`, or with this process.
 *
 * All inputs of a map are taken before it starts, and outputs come when all of them are done (in input order, as always).
 * A task that throws is not tried again: its error arrives as it was thrown, with class, code and details. A Python
 * worker, Node or machine that dies is, three times by default (`spark.task.maxFailures`).
 *
 * Executors need Node and the task's module under the same paths as here, and see the same files. They run on any
 * cluster that can start a process: not on serverless ones.
 *
 * @throws RangeError for impossible options. `map` throws SourceError `executor-failed` when Spark cannot do the work,
 * VerificationError `count-mismatch` and `artefact-mismatch` for results that are missing, doubled, altered or
 * contradictory, TypeError for inputs that cannot be sent, and whatever the task throws.
 * @example
 * const executor = sparkExecutor({ master: "spark://head:7077", workDirectory: "/shared/assay" });
 * try { await buildManifest(await scanSource(source, { executor }), { executor }); } finally { await executor.close(); }
 */
export function sparkExecutor({
  master,
  submit = "spark-submit",
  python = "python3",
  node = process.execPath,
  conf = {},
  workDirectory = tmpdir(),
  partitions = 32,
  timeoutMs = 86_400_000,
  startTimeoutMs = 180_000,
}: SparkExecutorOptions): Executor {
  if (typeof master !== "string" || master === "") throw new TypeError("master must be the URL of a Spark master");
  checkWhole("partitions", partitions, 50_000);
  checkWhole("timeoutMs", timeoutMs, MAX_TIMEOUT_MS);
  checkWhole("startTimeoutMs", startTimeoutMs, MAX_TIMEOUT_MS);
  const command = [node, fileURLToPath(new URL("./kernel.js", import.meta.url)), "--stdio"];
  const place = new WorkPlace(workDirectory, () =>
    SparkSession.start({ submit, master, python, conf, startTimeoutMs }),
  );
  return {
    workers: partitions,
    async *map<Options, Input, Output>(
      task: Task<Options, Input, Output>,
      inputs: Iterable<Input>,
      { signal, onDone }: MapOptions = {},
    ): AsyncIterable<Output> {
      signal?.throwIfAborted();
      const plan = buildPlan(task, inputs, partitions);
      if (plan.units === 0) return;
      const bins = plan.bins.length;
      const folder = await place.nextFolder();
      try {
        await writePlan(folder, plan);
        const session = await orAborted(place.session(), signal);
        const acks = checkAcks(
          await session.run({ folder, plan: plan.id, bins, command }, timeoutMs, signal),
          plan.units,
          bins,
        );
        for (let bin = 0; bin < bins; bin++) await checkAttempts(resultsFolder(folder, bin));
        for (const [unit, ack] of acks.entries()) {
          signal?.throwIfAborted();
          // Holes are behind an error, which is thrown before one gets to them.
          const result = await readResult(resultsFolder(folder, unit % bins), unit, ack?.digest ?? "");
          if ("error" in result) throw fromPlainError(result.error);
          onDone?.(unit + 1);
          yield result.output as Output;
        }
      } finally {
        // Attempts that were cancelled may still be writing; `close` removes what they leave.
        await rm(folder, { recursive: true, force: true }).catch(() => {});
      }
    },
    close: () => place.close(),
  };
}

/** What an executor holds while it is open: its folder for work, and its session of Spark. Both are made when needed. */
class WorkPlace {
  readonly #workDirectory: string;
  readonly #start: () => Promise<SparkSession>;
  #folder: Promise<string> | null = null;
  #session: Promise<SparkSession> | null = null;
  #maps = 0;
  #closed = false;

  constructor(workDirectory: string, start: () => Promise<SparkSession>) {
    this.#workDirectory = workDirectory;
    this.#start = start;
  }

  async nextFolder(): Promise<string> {
    if (this.#closed) throw new TypeError("The executor is closed");
    this.#folder ??= mkdtemp(join(this.#workDirectory, "assay-spark-"));
    return join(await this.#folder, `map-${this.#maps++}`);
  }

  /** The session that is there; another one when it has ended. Maps that wait for the start share it. */
  session(): Promise<SparkSession> {
    if (this.#closed) throw new TypeError("The executor is closed");
    const before = this.#session;
    this.#session = (async () => {
      const session = await before?.catch(() => null);
      return session?.isAlive === true ? session : this.#start();
    })();
    return this.#session;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#session?.catch(() => null))?.close();
    const folder = await this.#folder?.catch(() => null);
    if (folder != null) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Spark that starts is not stopped when one of those who wait for it goes away. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function checkWhole(name: string, value: number, maximum: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= maximum) return;
  throw new RangeError(`${name} must be a whole number from 1 to ${maximum}, not ${value}`);
}
