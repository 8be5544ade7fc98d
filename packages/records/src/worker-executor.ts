/**
 * Work on worker threads of Node: threads start when there is work for them, results come back in the order of the
 * inputs, and no more inputs are taken than results are wanted.
 */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Executor, MapOptions, Task } from "./executor.js";
import { fromPlainError, type WorkReply, type WorkRequest } from "./worker-message.js";

export interface WorkerExecutorOptions {
  /** Number of threads, 1 … 256. Default: the number of cores, at most 8. */
  readonly workers?: number;
}

/** Inputs that may be under way or waiting to be consumed, for each worker: one in work, one next. */
const INPUTS_AHEAD = 2;

/**
 * Runs tasks on worker threads. Threads start with the first work, and do not keep the process alive when they rest.
 *
 * @throws RangeError for an impossible number of workers.
 * @example
 * const executor = workerExecutor({ workers: 4 });
 * try { await scanSource(source, { executor }); } finally { await executor.close(); }
 */
export function workerExecutor({
  workers = Math.min(availableParallelism(), 8),
}: WorkerExecutorOptions = {}): Executor {
  if (!Number.isInteger(workers) || workers < 1 || workers > 256) {
    throw new RangeError(`workers must be a whole number from 1 to 256, not ${workers}`);
  }
  const pool = new WorkerPool(workers);
  return {
    workers,
    sharesMemory: true,
    map: (task, inputs, options) => mapInOrder(pool, task, inputs, options ?? {}),
    close: () => pool.close(),
  };
}

async function* mapInOrder<Options, Input, Output>(
  pool: WorkerPool,
  task: Task<Options, Input, Output>,
  inputs: Iterable<Input>,
  { signal, onDone, onWork }: MapOptions,
): AsyncIterable<Output> {
  signal?.throwIfAborted();
  const { module, name, options } = task;
  const queue: Job[] = [];
  const onAbort = () => {
    for (const job of queue) pool.abandon(job, signal?.reason);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  const rest = inputs[Symbol.iterator]();
  let done = 0;
  let exhausted = false;
  try {
    for (;;) {
      while (!exhausted && queue.length < pool.size * INPUTS_AHEAD) {
        const next = rest.next();
        if (next.done === true) exhausted = true;
        else queue.push(pool.submit({ module, name, options, input: next.value }, onWork));
      }
      const first = queue[0];
      if (first === undefined) return;
      const output = (await first.output) as Output;
      queue.shift();
      signal?.throwIfAborted();
      onDone?.(++done);
      yield output;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    // Whoever leaves early wants the rest to stop, now.
    for (const job of queue) pool.abandon(job, new Error("The output is no longer wanted"));
    if (!exhausted) rest.return?.();
  }
}

/** One input on its way. */
interface Job {
  readonly request: WorkRequest;
  readonly output: Promise<unknown>;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onWork: ((units: number) => void) | undefined;
}

interface Thread {
  readonly worker: Worker;
  job: Job | null;
}

class WorkerPool {
  readonly size: number;
  readonly #threads = new Set<Thread>();
  readonly #waiting: Job[] = [];
  #nextId = 0;
  #closed = false;

  constructor(size: number) {
    this.size = size;
  }

  submit(work: Omit<WorkRequest, "id">, onWork?: (units: number) => void): Job {
    let resolve: Job["resolve"] = () => {};
    let reject: Job["reject"] = () => {};
    const output = new Promise((onOutput, onError) => {
      resolve = onOutput;
      reject = onError;
    });
    // An error is thrown when its turn comes; until then it must not count as unhandled.
    output.catch(() => {});
    const job: Job = { request: { id: this.#nextId++, ...work }, output, resolve, reject, onWork };
    if (this.#closed) {
      reject(new TypeError("The executor is closed"));
    } else {
      this.#waiting.push(job);
      this.#dispatch();
    }
    return job;
  }

  /** Stops work whose output nobody wants. A thread in the middle of a computation hears nothing: it is ended. */
  abandon(job: Job, reason: unknown): void {
    const waiting = this.#waiting.indexOf(job);
    if (waiting >= 0) this.#waiting.splice(waiting, 1);
    job.reject(reason);
    for (const thread of this.#threads) if (thread.job === job) void this.#end(thread, reason);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const error = new Error("The executor was closed while it worked");
    for (const job of this.#waiting.splice(0)) job.reject(error);
    await Promise.all([...this.#threads].map((thread) => this.#end(thread, error)));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = [...this.#threads].find(({ job }) => job === null) ?? this.#start();
      if (thread === null) return;
      const job = this.#waiting.shift() as Job;
      thread.job = job;
      thread.worker.ref();
      try {
        thread.worker.postMessage(job.request);
      } catch (error) {
        // The input cannot be cloned: a mistake of the caller.
        this.#rest(thread);
        job.reject(error);
      }
    }
  }

  #start(): Thread | null {
    if (this.#threads.size >= this.size) return null;
    // `node --input-type=module -e …` says how to take the text of the command line, which a thread has none of.
    const execArgv = process.execArgv.some((flag) => flag.startsWith("--input-type")) ? [] : process.execArgv;
    const worker = new Worker(new URL("./worker.js", import.meta.url), { execArgv });
    const thread: Thread = { worker, job: null };
    this.#threads.add(thread);
    worker.on("message", (reply: WorkReply) => {
      const { job } = thread;
      if (job === null || job.request.id !== reply.id) return;
      if ("units" in reply) {
        job.onWork?.(reply.units);
        return;
      }
      this.#rest(thread);
      if ("error" in reply) job.reject(fromPlainError(reply.error));
      else job.resolve(reply.output);
      this.#dispatch();
    });
    worker.on("error", (error) => void this.#end(thread, error));
    worker.on("messageerror", (error) => void this.#end(thread, error));
    worker.on("exit", (code) => void this.#end(thread, new Error(`A worker thread ended by itself with code ${code}`)));
    return thread;
  }

  #rest(thread: Thread): void {
    thread.job = null;
    // A resting thread does not keep the process alive.
    thread.worker.unref();
  }

  /** Takes a thread out; its work fails with `error`, and other work that waits gets another thread. */
  async #end(thread: Thread, error: unknown): Promise<void> {
    if (!this.#threads.delete(thread)) return;
    const { job, worker } = thread;
    thread.job = null;
    const ended = worker.terminate();
    if (job !== null) job.reject(error);
    if (!this.#closed) this.#dispatch();
    await ended;
  }
}
