import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Executor, Task } from "@assay/records";
// The built package, which finds its kernel beside itself.
import { type SparkExecutorOptions, sparkExecutor } from "@assay/spark";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const module = new URL("./fixtures/spark-tasks.mjs", import.meta.url).href;
const task = (name: string, options: unknown = {}): Task<unknown, unknown, never> => ({ module, name, options });
const submit = fileURLToPath(new URL("./fixtures/driver.mjs", import.meta.url));
const open: Executor[] = [];
let workDirectory: string;

beforeEach(async () => {
  workDirectory = await mkdtemp(join(tmpdir(), "assay-executor-"));
});
afterEach(async () => {
  delete process.env.ASSAY_TEST_LIE;
  await Promise.all(open.splice(0).map((executor) => executor.close()));
  expect(await readdir(workDirectory)).toEqual([]);
  await rm(workDirectory, { recursive: true });
});

function executorThat(lie: string, options: Partial<SparkExecutorOptions> = {}): Executor {
  process.env.ASSAY_TEST_LIE = lie;
  const executor = sparkExecutor({ master: "none", submit, workDirectory, partitions: 2, ...options });
  open.push(executor);
  return executor;
}

async function collect<T>(outputs: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const output of outputs) all.push(output);
  return all;
}

describe("sparkExecutor()", () => {
  it("gives outputs in the order of the inputs, and starts one session for many maps", async () => {
    const executor = executorThat("nothing");
    const done: number[] = [];
    const outputs = executor.map(task("shapes", { factor: 3 }), [1, 2, 3], { onDone: (count) => done.push(count) });
    expect((await collect(outputs)).map(({ product }: { product: number }) => product)).toEqual([3, 6, 9]);
    expect(done).toEqual([1, 2, 3]);
    const both = [[1], [5, 5]].map((inputs) => collect(executor.map(task("print"), inputs)));
    expect(await Promise.all(both)).toEqual([[1], [5, 5]]);
  });

  it("throws the error of the first input that failed, behind the outputs of those before it", async () => {
    const found: unknown[] = [];
    const run = async () => {
      for await (const output of executorThat("nothing").map(task("fail"), [1, 2, 3, 4, 5, 6])) found.push(output);
    };
    await expect(run()).rejects.toMatchObject({ name: "FormatError", code: "bad-csv", details: { line: 4 } });
    expect(found).toEqual([1, 2]);
  });

  it.each([
    ["drop", "VerificationError", "count-mismatch"],
    ["double", "VerificationError", "count-mismatch"],
    ["alter", "VerificationError", "artefact-mismatch"],
    ["fail", "SourceError", "executor-failed"],
    ["end", "SourceError", "executor-failed"],
    ["crash", "SourceError", "executor-failed"],
  ])("refuses what a cluster gives that is made to %s", async (lie, name, code) => {
    await expect(collect(executorThat(lie).map(task("print"), [1, 2, 3]))).rejects.toMatchObject({ name, code });
  });

  it("quotes what Spark said last", async () => {
    const run = collect(executorThat("crash").map(task("print"), [1]));
    await expect(run).rejects.toThrow("Spark did not start. It says: No route to the master");
    const missing = collect(executorThat("", { submit: "no-such-spark-submit" }).map(task("print"), [1]));
    await expect(missing).rejects.toThrow(/ENOENT/);
  });

  it("waits no longer than it was told, for Spark to start and for a map", async () => {
    const slowStart = collect(executorThat("silence", { startTimeoutMs: 300 }).map(task("print"), [1]));
    await expect(slowStart).rejects.toThrow("did not start within 0.3 seconds (startTimeoutMs)");
    const slowMap = collect(executorThat("hang", { timeoutMs: 300 }).map(task("print"), [1]));
    await expect(slowMap).rejects.toThrow("within 0.3 seconds (timeoutMs)");
  });

  it("throws the reason of an aborted signal, also while Spark starts", async () => {
    for (const lie of ["silence", "hang"]) {
      const signal = AbortSignal.timeout(200);
      const run = collect(executorThat(lie, { startTimeoutMs: 2000 }).map(task("print"), [1], { signal }));
      await expect(run).rejects.toMatchObject({ name: "TimeoutError" });
    }
  });

  it("refuses inputs that cannot be sent, and starts nothing for none", async () => {
    const executor = executorThat("crash");
    await expect(collect(executor.map(task("print"), [new Blob(["x"])]))).rejects.toThrow(TypeError);
    expect(await collect(executor.map(task("print"), []))).toEqual([]);
    await executor.close();
    await expect(collect(executor.map(task("print"), [1]))).rejects.toThrow("The executor is closed");
  });

  it.each([{ partitions: 0 }, { partitions: 50_001 }, { timeoutMs: 0.5 }, { startTimeoutMs: 2 ** 31 }])(
    "refuses %o",
    (options) => {
      expect(() => sparkExecutor({ master: "none", ...options })).toThrow(RangeError);
      expect(() => sparkExecutor({ master: "" })).toThrow(TypeError);
    },
  );
});
