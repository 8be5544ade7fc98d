/**
 * The same calls on a real Spark give the same bytes. ASSAY_SPARK_PYTHON names the Python of the environment that
 * `setup.sh` makes; without it these tests fail, because then nothing was checked.
 */

import { execFile, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { buildManifest } from "@assay/manifest";
import { type Executor, type MapOptions, scanSource, type Task } from "@assay/records";
import { openSource, workerExecutor } from "@assay/records/node";
import { sparkExecutor } from "@assay/spark";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const python = process.env.ASSAY_SPARK_PYTHON ?? "";
const CSV_RECORDS = 200_000;
const module = new URL("./tasks.mjs", import.meta.url).href;
const task = (name: string, options: unknown = {}): Task<unknown, unknown, never> => ({ module, name, options });

/** Every process that Spark starts inherits this, so that what is left behind can be found. */
const mark = `assay-spark-test-${process.pid}`;
process.env.ASSAY_SPARK_TEST_MARK = mark;
process.env.SPARK_LOCAL_IP = "127.0.0.1";

/** Less time for compiling what runs once. */
const JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";
const OPTIONS = {
  python,
  submit: join(dirname(python), "spark-submit"),
  startTimeoutMs: 200_000,
  timeoutMs: 150_000,
  conf: {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.executor.memory": "768m",
    "spark.driver.extraJavaOptions": JAVA_OPTIONS,
    "spark.executor.extraJavaOptions": JAVA_OPTIONS,
    "spark.log.level": "WARN",
  },
};

let folder: string;
let workDirectory: string;
let spark: Executor;
const expected = new Map<string, { manifest: string; files: string }>();

beforeAll(async () => {
  if (!existsSync(python))
    throw new Error("ASSAY_SPARK_PYTHON must name the Python that test/spark/setup.sh has set up");
  folder = await mkdtemp(join(tmpdir(), "assay-spark-suite-"));
  workDirectory = join(folder, "work");
  await mkdir(workDirectory);
  process.env.SPARK_WORKER_DIR = join(folder, "spark-workers");
  process.env.SPARK_LOCAL_DIRS = join(folder, "spark-local");
  await writeFile(join(folder, "train.csv"), csv());
  await promisify(execFile)(python, [join(import.meta.dirname, "make-parquet.py"), join(folder, "train.parquet")]);
  const threads = workerExecutor({ workers: 2 });
  for (const name of ["train.csv", "train.parquet"]) expected.set(name, await manifestOf(name, threads));
  await threads.close();
  spark = sparkExecutor({ ...OPTIONS, master: "local-cluster[2,1,1024]", workDirectory, partitions: 8 });
}, 120_000);

afterAll(async () => {
  await spark?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}, 60_000);

/** Records of which every tenth has a line break within quotes, and every hundredth a quote as well. */
function csv(): string {
  const lines = ["id,label,score,comment"];
  for (let i = 0; i < CSV_RECORDS; i++) {
    const comment =
      i % 10 === 0 ? `"first line of ${i},\nsecond ${i % 100 === 0 ? '""quoted""' : "plain"}"` : `comment ${i}`;
    lines.push(`${i},${["cat", "dog", "bird"][i % 3]},${(i % 997) / 8},${comment} ${"lorem ipsum ".repeat(5)}`);
  }
  // Only a field that is quoted as a whole is one.
  return `${lines.map((line) => line.replace(/" (lorem.*)$/, ' $1"')).join("\n")}\n`;
}

async function manifestOf(name: string, executor: Executor): Promise<{ manifest: string; files: string }> {
  const scanned = await scanSource(await openSource([join(folder, name)]), { executor });
  const { headerBytes, entriesBytes } = await buildManifest(scanned, { executor });
  return { manifest: Buffer.from(headerBytes).toString(), files: Buffer.from(entriesBytes).toString() };
}

/** The executor with a task around every task, which kills `victim` once. */
function killing(victim: "kernel" | "executor", flag: string): Executor {
  return {
    ...spark,
    map: (inner, inputs, options) => {
      const { module, name, options: own } = inner;
      return spark.map(task("killedOnce", { task: { module, name, options: own }, flag, victim }), inputs, options);
    },
  } as Executor;
}

async function collect<T>(
  executor: Executor,
  what: Task<unknown, unknown, T>,
  inputs: unknown[],
  options?: MapOptions,
): Promise<T[]> {
  const outputs: T[] = [];
  for await (const output of executor.map(what, inputs, options)) outputs.push(output);
  return outputs;
}

/** Processes that have the mark, without those that are ending (zombies have no environment). */
function markedProcesses(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`ASSAY_SPARK_TEST_MARK=${mark}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function until(claim: () => boolean, seconds: number): Promise<boolean> {
  for (let i = 0; i < seconds * 10 && !claim(); i++) await new Promise((resolve) => setTimeout(resolve, 100));
  return claim();
}

describe("sparkExecutor() on local-cluster[2,1,1024]", { timeout: 300_000 }, () => {
  it("runs tasks in both executors, each in a child of its worker", async () => {
    const executors = new Set<number>();
    let places: { pid: number; executor: number }[] = [];
    // The second executor may be there a little later than the first.
    for (let i = 0; i < 50 && executors.size < 2; i++) {
      places = (await collect(spark, task("whereAmI"), Array(16).fill(0))) as typeof places;
      for (const { executor } of places) executors.add(executor);
    }
    expect(executors.size).toBe(2);
    // A worker that is used again still has its child: not one Node for each bin.
    expect(new Set(places.map(({ pid }) => pid)).size).toBeLessThan(8);
  });

  it.each(["train.csv", "train.parquet"])(
    "builds byte for byte the manifest of %s that threads build",
    async (name) => {
      const built = await manifestOf(name, spark);
      expect(built).toEqual(expected.get(name));
      expect(JSON.parse(built.manifest).set.records).toBe(name === "train.csv" ? CSV_RECORDS : 60_000);
    },
  );

  it.each(["kernel", "executor"] as const)("gives the same bytes when one %s is killed at work", async (victim) => {
    const flag = join(folder, `kill-${victim}`);
    expect(await manifestOf("train.parquet", killing(victim, flag))).toEqual(expected.get("train.parquet"));
    expect(existsSync(flag)).toBe(true);
    // One file to index, and six row groups to hash.
    expect((await readFile(`${flag}.done`, "utf8")).length).toBeGreaterThanOrEqual(7);
  });

  it("throws the error of a task as it was thrown, with class, code and details", async () => {
    const path = join(folder, "ragged.csv");
    await writeFile(path, "a,b\n1,2\n1,2,3\n");
    const threads = workerExecutor({ workers: 1 });
    const errorOf = async (executor: Executor) =>
      openSource([path])
        .then((source) => scanSource(source, { executor }))
        .then(
          () => null,
          (error) => ({ name: error.name, code: error.code, message: error.message, details: error.details }),
        );
    const error = await errorOf(spark);
    expect(error).toMatchObject({ name: "FormatError", code: "ragged-record", details: { line: 3 } });
    expect(error).toEqual(await errorOf(threads));
    await threads.close();
  });

  it("gives up work that kills every kernel, and says how it ended", async () => {
    await expect(collect(spark, task("alwaysKilled"), [1])).rejects.toMatchObject({
      name: "SourceError",
      code: "executor-failed",
      message: expect.stringContaining("ended with exit code -9"),
    });
  });

  it("stops at once when it is aborted, on the cluster too, and goes on with other work", async () => {
    const log = join(folder, "spinning");
    const abort = new AbortController();
    const outputs = collect(spark, task("spin", { log }), [1], { signal: abort.signal });
    outputs.catch(() => {});
    expect(await until(() => existsSync(log), 60)).toBe(true);
    abort.abort(new Error("enough"));
    await expect(outputs).rejects.toThrow("enough");
    const pid = Number(readFileSync(log, "utf8"));
    expect(pid).toBeGreaterThan(1);
    expect(await until(() => !existsSync(`/proc/${pid}`), 30)).toBe(true);
    expect(await collect(spark, task("whereAmI"), [1])).toHaveLength(1);
  });

  it("leaves neither a process nor a file when it is closed", async () => {
    expect(markedProcesses().length).toBeGreaterThan(0);
    await spark.close();
    expect(await until(() => markedProcesses().length === 0, 15)).toBe(true);
    expect(await readdir(workDirectory)).toEqual([]);
    await expect(collect(spark, task("whereAmI"), [1])).rejects.toThrow("The executor is closed");
  });
});

describe("sparkExecutor() on local[1]", { timeout: 300_000 }, () => {
  it("ends Spark when the process that started it is killed", async () => {
    const script = `
      import { sparkExecutor } from ${JSON.stringify(import.meta.resolve("@assay/spark"))};
      const executor = sparkExecutor({ ...JSON.parse(process.argv[1]), master: "local[1]" });
      const spin = { module: ${JSON.stringify(module)}, name: "spin", options: { log: process.argv[2] } };
      for await (const _ of executor.map(spin, [1]));
    `;
    const log = join(folder, "left");
    const options = JSON.stringify({ ...OPTIONS, workDirectory });
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, options, log], { stdio: "inherit" });
    try {
      expect(await until(() => existsSync(log), 120)).toBe(true);
      expect(markedProcesses().length).toBeGreaterThan(1);
    } finally {
      child.kill("SIGKILL");
    }
    expect(await until(() => markedProcesses().length === 0, 40)).toBe(true);
  });
});
