import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FormatError } from "@assay/merkle";
import {
  type Executor,
  hashSource,
  inlineExecutor,
  readBatches,
  scanSource,
  sourceOfBytes,
  type Task,
} from "@assay/records";
import { openSource, workerExecutor } from "@assay/records/node";
import { afterEach, describe, expect, it } from "vitest";

const module = new URL("./fixtures/worker-tasks.mjs", import.meta.url).href;
const task = (name: string, options: unknown = {}): Task<unknown, number, never> => ({ module, name, options });

const open: Executor[] = [];
function executorOf(workers: number): Executor {
  const executor = workerExecutor({ workers });
  open.push(executor);
  return executor;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((executor) => executor.close()));
});

async function collect<T>(outputs: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const output of outputs) all.push(output);
  return all;
}

describe("workerExecutor()", () => {
  it("gives outputs in the order of the inputs, whatever finished first", async () => {
    const done: number[] = [];
    const inputs = Array.from({ length: 12 }, (_, i) => i);
    const outputs = executorOf(3).map(task("echo", { delayMs: 30 }), inputs, { onDone: (count) => done.push(count) });
    const found = (await collect(outputs)) as { input: number; bytes: Uint8Array }[];
    expect(found.map(({ input }) => input)).toEqual(inputs);
    expect(found.map(({ bytes }) => bytes[99_999])).toEqual(inputs);
    expect(done).toEqual(inputs.map((i) => i + 1));
  });

  it("takes no more inputs than results are wanted", async () => {
    let taken = 0;
    function* inputs() {
      for (; taken < 1000; ) yield taken++;
    }
    for await (const _ of executorOf(2).map(task("echo"), inputs())) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      break;
    }
    expect(taken).toBeLessThanOrEqual(5);
  });

  it("throws the error of the first input that failed, of its class, with code, details and cause", async () => {
    const found: number[] = [];
    const run = async () => {
      for await (const output of executorOf(2).map(task("fail"), [1, 2, 3, 4])) found.push(output);
    };
    const error = (await run().catch((e) => e)) as FormatError;
    expect(error).toBeInstanceOf(FormatError);
    expect(error).toMatchObject({ code: "bad-csv", message: "data.csv, line 4: no", details: { line: 4 } });
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(found).toEqual([1, 2]);
    await expect(collect(executorOf(1).map(task("fail"), [4]))).rejects.toThrow(RangeError);
  });

  it("throws when a thread ends or fails outside of its work, and goes on with others", async () => {
    const executor = executorOf(2);
    await expect(collect(executor.map(task("exit"), [0, 1, 2]))).rejects.toThrow("ended by itself with code 3");
    await expect(collect(executor.map(task("exhaust"), [0, 1, 2]))).rejects.toThrow("outside of the work");
    expect(await collect(executor.map(task("exit"), [0, 2]))).toEqual([0, 2]);
  });

  it("throws for a task that is not there, and for data that cannot travel", async () => {
    const executor = executorOf(1);
    await expect(collect(executor.map(task("missing"), [1]))).rejects.toThrow(/exports no function missing/);
    await expect(collect(executor.map(task("uncloneable"), [1]))).rejects.toThrow(/could not be cloned/);
    await expect(collect(executor.map(task("echo", { delayMs: () => 1 }), [1]))).rejects.toThrow(/could not be cloned/);
    expect(await collect(executor.map(task("exit"), [5]))).toEqual([5]);
  });

  it("ends threads in the middle of a computation when aborted, and throws the reason", async () => {
    const executor = executorOf(2);
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error("enough")), 150);
    const begin = performance.now();
    await expect(collect(executor.map(task("spin"), [1, 2, 3, 4, 5], { signal: abort.signal }))).rejects.toThrow(
      "enough",
    );
    expect(performance.now() - begin).toBeLessThan(5000);
    await expect(collect(executor.map(task("exit"), [0], { signal: abort.signal }))).rejects.toThrow("enough");
    expect(await collect(executor.map(task("exit"), [0]))).toEqual([0]);
  });

  it("lets two maps share the threads", async () => {
    const executor = executorOf(2);
    const [a, b] = await Promise.all([
      collect(executor.map(task("exit"), [2, 3, 4])),
      collect(executor.map(task("exit"), [5, 6])),
    ]);
    expect([a, b]).toEqual([
      [2, 3, 4],
      [5, 6],
    ]);
  });

  it("refuses impossible numbers of workers, and work behind close()", async () => {
    for (const workers of [0, -1, 1.5, 257, Number.NaN]) expect(() => workerExecutor({ workers })).toThrow(RangeError);
    const executor = workerExecutor({ workers: 1 });
    const spinning = collect(executor.map(task("spin"), [1]));
    spinning.catch(() => {});
    await executor.close();
    await expect(spinning).rejects.toThrow("closed");
    await expect(collect(executor.map(task("exit"), [0]))).rejects.toThrow("closed");
  });

  it("does not keep the process alive when it rests, and keeps it alive when it works", async () => {
    const entry = fileURLToPath(import.meta.resolve("@assay/records/node"));
    const script = `import { workerExecutor } from ${JSON.stringify(`file://${entry}`)};
      for await (const { input } of workerExecutor({ workers: 2 }).map({ module: ${JSON.stringify(module)}, name: "echo", options: { delayMs: 50 } }, [1, 2, 3])) console.log(input);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    const code = await new Promise((resolve) => child.on("exit", resolve));
    expect([code, output]).toEqual([0, "1\n2\n3\n"]);
  });
});

/** Numbers from a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("a source on 1, 2 and 7 workers", () => {
  it("can be in memory: the threads get its bytes", async () => {
    const bytes = new TextEncoder().encode("a,b\n1,x\n2,y\n");
    const source = await sourceOfBytes("tiny", [{ path: "a.csv", bytes }]);
    const leaves: Uint8Array[] = [];
    for (const executor of [inlineExecutor(), executorOf(2)]) {
      const scanned = await scanSource(source, { executor });
      for await (const hashed of hashSource(scanned, { executor })) leaves.push(hashed.leaves);
    }
    expect(leaves).toHaveLength(2);
    expect(leaves[1]).toEqual(leaves[0]);
  });

  it("throws the same refusal with code and place as without workers", async () => {
    const bytes = new TextEncoder().encode("a,b\n1,x\n2\n");
    const source = await sourceOfBytes("tiny", [{ path: "a.csv", bytes }]);
    const refusals = await Promise.all(
      [inlineExecutor(), executorOf(2)].map((executor) => scanSource(source, { executor }).catch((error) => error)),
    );
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(FormatError);
      expect(refusal).toMatchObject({ code: "ragged-record", details: { path: "a.csv", line: 3 } });
    }
    expect(refusals[1].message).toBe(refusals[0].message);
  });

  it("has the same index, reading, leaves, kinds and records, with quoted newlines at the borders of blocks", async () => {
    const folder = await mkdtemp(join(tmpdir(), "assay-"));
    try {
      const random = randomOf(42);
      const rows = ["id,text,score,when,split\n"];
      for (let i = 0; i < 140_000; i++) {
        const quoted = i % 65_536 === 0 || i % 65_536 === 65_535 || random() < 0.1;
        const text = quoted ? `"line ""${i}""\n\r\n, end"` : `t${Math.floor(random() * 1000)}`;
        const score = random() < 0.02 ? "" : (random() * 100).toFixed(3);
        rows.push(
          `${i},${text},${score},2024-01-${String(1 + (i % 28)).padStart(2, "0")},${i % 3 === 0 ? "test" : "train"}\r\n`,
        );
      }
      await writeFile(join(folder, "big.csv"), rows.join(""));
      await writeFile(join(folder, "small.jsonl"), '{"id":1,"score":0.5}\n');
      const source = await openSource([folder]);
      const seen: unknown[] = [];
      for (const executor of [inlineExecutor(), executorOf(1), executorOf(2), executorOf(7)]) {
        const scanned = await scanSource(source, { executor });
        expect(scanned.files[0]?.index.parts.map(({ begin, end }) => [begin, end])).toEqual([
          [0, 65_536],
          [65_536, 131_072],
          [131_072, 140_000],
        ]);
        const parts: unknown[] = [];
        for await (const { leaves, ...rest } of hashSource(scanned, { executor, splits: { column: "split" } })) {
          parts.push({ ...rest, leaves: Buffer.from(leaves).toString("base64"), splitOf: rest.splitOf?.join("") });
        }
        let lines = 0;
        for await (const { begin, batch, file, lines: found } of readBatches(scanned, {
          executor,
          columns: ["score"],
        })) {
          expect([0, 65_536, 131_072]).toContain(begin);
          expect(batch.columns.map(({ name }) => name)).toEqual(["score"]);
          for (const line of found ?? []) lines = (lines * 31 + line + file) % 2 ** 40;
        }
        seen.push({ reading: scanned.reading, files: scanned.files.map(({ index }) => index), parts, lines });
      }
      for (const other of seen.slice(1)) expect(other).toEqual(seen[0]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
