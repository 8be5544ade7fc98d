/** The kernel as Spark's workers have it: the built file, a child process, lines on its pipes. */

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { appendFile, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fromPlainError } from "@assay/records/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildPlan, type Plan, writePlan } from "../src/plan.js";
import { type Ack, readResult, resultsFolder } from "../src/result.js";

const kernelFile = fileURLToPath(new URL("../dist/kernel.js", import.meta.url));
const module = new URL("./fixtures/spark-tasks.mjs", import.meta.url).href;
let folder: string;
let maps = 0;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assay-kernel-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

interface Kernel {
  readonly child: ChildProcess;
  /** Asks for a bin, and gives the lines of the answer with the trailer last. */
  ask(request: object): Promise<string[]>;
}

function startKernel(): Kernel {
  const child = spawn(process.execPath, [kernelFile, "--stdio"], { stdio: ["pipe", "pipe", "pipe"] });
  children.push(child);
  child.stderr.resume();
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const answer: string[] = [];
      for (;;) {
        const { value, done } = await lines.next();
        if (done) return answer;
        answer.push(value);
        if (/^{"(end|refused)"/.test(value)) return answer;
      }
    },
  };
}

async function plan(
  name: string,
  inputs: unknown[],
  bins: number,
  options: unknown = {},
): Promise<Plan & { at: string }> {
  const made = buildPlan({ module, name, options }, inputs, bins);
  const at = join(folder, `map-${maps++}`);
  await writePlan(at, made);
  return { ...made, at };
}

const acksOf = (answer: string[]): Ack[] => answer.slice(0, -1).map((line) => JSON.parse(line));

/** The trailer that this answer must have. */
const trailerOf = (answer: string[]): object => ({
  end: answer.length - 1,
  sha256: createHash("sha256")
    .update(
      answer
        .slice(0, -1)
        .map((line) => `${line}\n`)
        .join(""),
    )
    .digest("hex"),
});

describe("kernel --stdio", () => {
  it("puts the outputs of a bin and ends its answer with a trailer, one bin after another", async () => {
    const kernel = startKernel();
    const { at, id } = await plan("shapes", [1, 2, 3], 2, { factor: 2 });
    for (const [bin, inputs] of [[1], [0, 2]].map((units) => [units[0] === 1 ? 1 : 0, units] as const)) {
      const answer = await kernel.ask({ folder: at, plan: id, bin });
      expect(acksOf(answer).map(({ unit, failed }) => [unit, failed])).toEqual(inputs.map((unit) => [unit, false]));
      expect(JSON.parse(answer.at(-1) as string)).toEqual(trailerOf(answer));
      for (const { unit, digest, bytes } of acksOf(answer)) {
        const input = unit + 1;
        expect(await readResult(resultsFolder(at, bin), unit, digest)).toEqual({
          bytes,
          output: {
            product: input * 2,
            bytes: new Uint8Array([input, 255]),
            floats: new Float64Array([input / 3, -0, Number.NaN]),
            map: new Map([[input, 7n]]),
            nothing: undefined,
          },
        });
      }
    }
  });

  it("keeps class, code, details and cause of an error, and works on nothing behind it", async () => {
    const { at, id } = await plan("fail", [1, 3, 5], 1);
    const answer = await startKernel().ask({ folder: at, plan: id, bin: 0 });
    const acks = acksOf(answer);
    expect(acks.map(({ unit, failed }) => [unit, failed])).toEqual([
      [0, false],
      [1, true],
    ]);
    const result = await readResult(resultsFolder(at, 0), 1, acks[1]?.digest as string);
    if (!("error" in result)) throw new Error("There must be an error");
    const error = fromPlainError(result.error);
    expect(error).toMatchObject({ name: "FormatError", code: "bad-csv", details: { line: 4 } });
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  it("takes what an earlier attempt has put, unless it is damaged", async () => {
    const { at, id } = await plan("shapes", [1, 2], 1, { factor: 2 });
    const request = { folder: at, plan: id, bin: 0 };
    const first = await startKernel().ask(request);
    const before = await readdir(resultsFolder(at, 0));
    expect(await startKernel().ask(request)).toEqual(first);
    const damaged = join(resultsFolder(at, 0), `0-${acksOf(first)[0]?.digest}`);
    await appendFile(damaged, "more");
    expect(await startKernel().ask(request)).toEqual(first);
    expect(await readdir(resultsFolder(at, 0))).toEqual(before);
    expect(await readResult(resultsFolder(at, 0), 0, acksOf(first)[0]?.digest as string)).toBeDefined();
  });

  it("keeps what tasks print out of its answers", async () => {
    const { at, id } = await plan("print", [1], 1);
    const answer = await startKernel().ask({ folder: at, plan: id, bin: 0 });
    expect(JSON.parse(answer.at(-1) as string)).toEqual(trailerOf(answer));
    expect(answer).toHaveLength(2);
  });

  it("refuses a plan that is not the one it was asked for, and stays", async () => {
    const kernel = startKernel();
    const { at, id } = await plan("shapes", [1], 1, { factor: 2 });
    const request = { folder: at, plan: id, bin: 0 };
    expect(await kernel.ask({ ...request, plan: "0".repeat(64) })).toEqual([
      expect.stringMatching(/^{"refused":"Veri/),
    ]);
    await writeFile(join(at, "bin-000000.jsonl"), "{}");
    expect(await kernel.ask(request)).toEqual([expect.stringMatching(/^{"refused":"Veri/)]);
    expect(kernel.child.exitCode).toBeNull();
  });

  it("ends with its input, also in the middle of a computation that never ends", async () => {
    for (const name of ["shapes", "spin"]) {
      const { child, ask } = startKernel();
      const { at, id } = await plan(name, [1], 1, { factor: 2 });
      const answer = ask({ folder: at, plan: id, bin: 0 });
      if (name === "shapes") await answer;
      child.stdin?.end();
      expect(await once(child, "exit")).toEqual([0, null]);
      if (name === "spin") expect(await answer).toEqual([]);
    }
  });

  it("ends when its parent is gone, though its input is still open", async () => {
    // Opened for reading and writing, a named pipe has no end.
    const pipe = join(folder, "input");
    const script = `mkfifo "${pipe}"; "${process.execPath}" "${kernelFile}" --stdio 0<>"${pipe}" & echo $!; wait`;
    const shell = spawn("bash", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(shell);
    const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
    const pid = Number((await lines.next()).value);
    expect(pid).toBeGreaterThan(1);
    await appendFile(pipe, "{}\n");
    expect((await lines.next()).value).toMatch(/^{"refused"/);
    shell.kill("SIGKILL");
    const isAlive = (): boolean => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    };
    for (let i = 0; i < 200 && isAlive(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isAlive()).toBe(false);
  });

  it("says nothing that looks like a trailer when it is killed", async () => {
    const { at, id } = await plan("kill", [1], 1);
    const { child, ask } = startKernel();
    expect(await ask({ folder: at, plan: id, bin: 0 })).toEqual([]);
    expect(child.signalCode ?? (await once(child, "exit"))[1]).toBe("SIGKILL");
  });
});
