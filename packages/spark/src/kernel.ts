/**
 * The kernel: the child `node kernel.js --stdio` of a Python worker. A JSON line in asks for a bin; out come a line for each
 * result that it has put, and a trailer that says how many lines these were and what their digest is.
 *
 *     ← {"folder":PATH,"plan":SHA256,"bin":3}
 *     → {"unit":3,"digest":SHA256,"bytes":812,"failed":false}
 *     → {"end":1,"sha256":SHA256 of the lines before}          or  {"refused":TEXT}
 *
 * The task runs on a thread, so that this one always hears when nobody wants the work any more: the end of its input, a
 * closed output, or another parent. Whatever a task prints goes to standard error: the output is the protocol's.
 */

import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import type { Executor } from "@assay/records";
import { toPlainError, workerExecutor } from "@assay/records/node";
import { readBin } from "./plan.js";
import { type Ack, listResults, putResult, type Result, readResult, resultsFolder } from "./result.js";

/** How often it looks whether its parent is still there. A worker that is killed leaves a pipe that others may hold open. */
const PARENT_POLL_MS = 1000;

interface BinRequest {
  readonly folder: string;
  readonly plan: string;
  readonly bin: number;
}

if (process.argv[2] === "--stdio") serveStdio();
else {
  process.stderr.write("Usage: node kernel.js --stdio, as a child of a Spark worker\n");
  process.exitCode = 64;
}

function serveStdio(): void {
  const write = process.stdout.write.bind(process.stdout);
  // Tasks on threads print through this process too.
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(3);
  }, PARENT_POLL_MS);
  process.stdout.on("error", () => process.exit(3));
  const executor = workerExecutor({ workers: 1 });
  const requests = createInterface({ input: process.stdin });
  let before: Promise<void> = Promise.resolve();
  requests.on("line", (line) => {
    before = before.then(() => answer(executor, line, (text) => write(text)));
  });
  // Whatever is in work is unwanted.
  requests.on("close", () => process.exit(0));
}

async function answer(executor: Executor, line: string, write: (text: string) => void): Promise<void> {
  const digest = createHash("sha256");
  let count = 0;
  try {
    for await (const ack of runBin(executor, JSON.parse(line) as BinRequest)) {
      const text = `${JSON.stringify(ack)}\n`;
      digest.update(text);
      count++;
      write(text);
    }
    write(`${JSON.stringify({ end: count, sha256: digest.digest("hex") })}\n`);
  } catch (error) {
    write(`${JSON.stringify({ refused: String(error) })}\n`);
  }
}

/** Works on the units of a bin one after another, up to the first error: nobody can want what is behind it. */
async function* runBin(executor: Executor, { folder, plan, bin }: BinRequest): AsyncGenerator<Ack> {
  const { task, units } = await readBin(folder, plan, bin);
  const results = resultsFolder(folder, bin);
  const left = await listResults(results);
  for (const { unit, input } of units) {
    const ack =
      (await reuse(results, unit, left.get(unit))) ??
      (await putResult(results, unit, await work(executor, task, input)));
    yield ack;
    if (ack.failed) return;
  }
}

/** What an earlier attempt has left, if it can be read. */
async function reuse(folder: string, unit: number, digests: readonly string[] = []): Promise<Ack | null> {
  for (const digest of digests) {
    const result = await readResult(folder, unit, digest).catch(() => null);
    if (result !== null) return { unit, digest, bytes: result.bytes, failed: "error" in result };
  }
  return null;
}

async function work(executor: Executor, task: Parameters<Executor["map"]>[0], input: unknown): Promise<Result> {
  try {
    for await (const output of executor.map(task, [input])) return { output };
    throw new Error("The task gave no output");
  } catch (error) {
    return { error: toPlainError(error) };
  }
}
