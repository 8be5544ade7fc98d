/** The command as people run it: a child process with its exit code, its two streams, and a folder of its own to leave things in. */

import { type ChildProcess, spawn } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";

/** The file that `npx --no-install assay` runs. */
export const BIN = fileURLToPath(new URL("../../packages/cli/bin/assay.js", import.meta.url));

/** Files that other programs wrote. */
export const FIXTURES = fileURLToPath(new URL("../fixtures/interop/", import.meta.url));

export interface CommandResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout of a command with `--json`. */
  json(): Record<string, unknown>;
}

export interface CommandOptions {
  /** What it reads, and then waits for more. Default: nothing, which ends at once. */
  readonly unfinishedInput?: string;
  /** Called with the child as soon as it runs. */
  readonly onSpawn?: (child: ChildProcess) => void;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs `assay ARGS` in a folder and waits for its end. */
export function assay(cwd: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return run(cwd, process.execPath, [BIN, ...args], options);
}

/** Runs a shell line in which `$ASSAY` is the command. */
export function shell(cwd: string, line: string): Promise<CommandResult> {
  return run(cwd, "sh", ["-c", line], { environment: { ASSAY: `${process.execPath} ${BIN}` } });
}

function run(
  cwd: string,
  program: string,
  args: readonly string[],
  { onSpawn, environment, unfinishedInput }: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, NO_COLOR: "1", ...environment },
      stdio: [unfinishedInput === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      timeout: 60_000,
    });
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (exitCode, signal) =>
      resolve({ exitCode, signal, stdout, stderr, json: () => JSON.parse(stdout) as Record<string, unknown> }),
    );
    if (unfinishedInput !== undefined) child.stdin?.write(unfinishedInput);
    onSpawn?.(child);
  });
}

/** A function that makes folders of a test file; all are removed when its tests have ended. */
export function temporaryFolders(): () => string {
  const made: string[] = [];
  afterAll(() => {
    for (const path of made) rmSync(path, { recursive: true, force: true });
  });
  return () => {
    const path = mkdtempSync(join(tmpdir(), "assay-end-to-end-"));
    made.push(path);
    return path;
  };
}

/** Paths of everything below a folder, hidden names too, in order. */
export function everythingIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

/** Paths of the regular files below a folder. */
export function filesIn(folder: string): string[] {
  return everythingIn(folder).filter((path) => lstatSync(join(folder, path)).isFile());
}

/** Expects that a command did what it was asked; shows what it printed when it did not. */
export function expectGood(result: CommandResult): CommandResult {
  expect(result, `${result.stderr}\n${result.stdout.slice(0, 500)}`).toMatchObject({ exitCode: 0, signal: null });
  return result;
}

/** Expects that a command with `--json` refused: the exit code, the error code in both streams, the place in the message, no stack. */
export function expectRefusal(
  result: CommandResult,
  exitCode: number,
  code: string,
  ...places: readonly (string | RegExp)[]
): void {
  expect(result, result.stderr).toMatchObject({ exitCode, signal: null });
  const document = result.json() as { ok: boolean; code: string; message: string; details: unknown };
  expect(document).toMatchObject({ ok: false, code, message: expect.any(String), details: expect.any(Object) });
  for (const place of places) {
    expect(result.stderr).toMatch(place instanceof RegExp ? place : new RegExp(escapeRegExp(place)));
    expect(document.message).toMatch(place instanceof RegExp ? place : new RegExp(escapeRegExp(place)));
  }
  expect(result.stderr).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(result.stderr.split("\n").filter((line) => /^(assay|error):/.test(line))).toHaveLength(1);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
