/** What every command gets besides its arguments: where to print, when to stop, how to show progress. */

import type { Limits, Work } from "@assay/assay/commands";
import { progressLine } from "./progress.js";
import { paint, safe } from "./terminal.js";

export interface Context {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly work: Work;
  /** Prints the result: JSON when asked for, else the lines. stdout is for results. */
  result(document: unknown, lines: readonly string[]): void;
  /** A remark for people, on stderr. */
  remark(text: string): void;
}

/** The context of one command. */
export function contextOf(values: Readonly<Record<string, unknown>>, signal: AbortSignal): Context & { clear(): void } {
  const json = values.json === true;
  const quiet = values.quiet === true;
  const line = progressLine(process.stderr, quiet);
  const remark = (text: string): void => {
    if (quiet) return;
    line.clear();
    process.stderr.write(`${paint.yellow("note")} ${safe(text)}\n`);
  };
  return {
    json,
    quiet,
    work: {
      ...(values.workers !== undefined && { workers: values.workers as number }),
      ...(values.timeout !== undefined && { stallMs: 1000 * (values.timeout as number) }),
      ...(values.limit !== undefined && { limits: values.limit as Partial<Limits> }),
      signal,
      onProgress: line.show,
      onWarning: remark,
    },
    result(document, lines) {
      line.clear();
      process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `${lines.join("\n")}\n`);
    },
    remark,
    clear: line.clear,
  };
}
