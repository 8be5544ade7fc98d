/**
 * Where work runs: here, on worker threads, or on a cluster. Work is named, not captured: the URL of a module, the name of
 * an exported function, plain data. Results come back in the order of the inputs, whatever finished first.
 */

/** What a task may use of the place where it runs. */
export interface TaskContext {
  /** Aborted when nobody wants the output any more. Absent on a worker thread, which is simply ended. */
  readonly signal?: AbortSignal;
  /** Tells that so many units of work are done since the last call (bytes, …). */
  readonly onWork?: (units: number) => void;
}

/** What a task names. */
export type TaskFunction<Options, Input, Output> = (
  options: Options,
  input: Input,
  context: TaskContext,
) => Output | Promise<Output>;

/** A pure function `(options, input, context) => output | Promise<output>` that a worker can find again. */
export interface Task<Options = unknown, Input = unknown, Output = unknown> {
  /** URL of the ES module, as `import()` takes it (built files: `new URL("./tasks.js", import.meta.url).href`). */
  readonly module: string;
  /** Name of its export. */
  readonly name: string;
  /** The same function, for work that stays here: a bundle or a page need not find the module again. Never sent. */
  readonly run?: TaskFunction<Options, Input, Output>;
  /** Structured-clonable data that is the same for every input. */
  readonly options: Options;
  /** Types only: never set. */
  readonly __types?: (input: Input) => Output;
}

export interface MapOptions {
  readonly signal?: AbortSignal;
  /** Called when an input is done, with the number done and the number of inputs so far known. */
  readonly onDone?: (done: number) => void;
  /** Called while inputs are worked on, with the units that tasks tell, in no particular order. */
  readonly onWork?: (units: number) => void;
}

export interface Executor {
  /** Number of inputs that are worked on at the same time. */
  readonly workers: number;
  /** Whether a `SharedArrayBuffer` in an input or an output is the same memory on both sides. Default false. */
  readonly sharesMemory?: boolean;
  /** Runs the task on every input and yields the outputs in input order. Leaving the loop stops the rest. */
  map<Options, Input, Output>(
    task: Task<Options, Input, Output>,
    inputs: Iterable<Input>,
    options?: MapOptions,
  ): AsyncIterable<Output>;
  /** Ends the workers. */
  close(): Promise<void>;
}

/** Runs everything here, one after another. */
export function inlineExecutor(): Executor {
  return {
    workers: 1,
    async *map<Options, Input, Output>(
      task: Task<Options, Input, Output>,
      inputs: Iterable<Input>,
      { signal, onDone, onWork }: MapOptions = {},
    ): AsyncIterable<Output> {
      const run = task.run ?? (await loadTask<Options, Input, Output>(task));
      const context = { ...(signal === undefined ? {} : { signal }), ...(onWork === undefined ? {} : { onWork }) };
      let done = 0;
      for (const input of inputs) {
        signal?.throwIfAborted();
        const output = await run(task.options, input, context);
        signal?.throwIfAborted();
        onDone?.(++done);
        yield output;
      }
    },
    async close() {},
  };
}

/** Imports the function that a task names. Throws TypeError when there is none. */
export async function loadTask<Options, Input, Output>(
  task: Pick<Task<Options, Input, Output>, "module" | "name">,
): Promise<TaskFunction<Options, Input, Output>> {
  const loaded = (await import(/* @vite-ignore */ task.module)) as Record<string, unknown>;
  const run = Object.hasOwn(loaded, task.name) ? loaded[task.name] : undefined;
  if (typeof run !== "function") throw new TypeError(`Module ${task.module} exports no function ${task.name}`);
  return run as TaskFunction<Options, Input, Output>;
}
