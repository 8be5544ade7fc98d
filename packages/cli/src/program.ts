/** The program of the command: argv → library calls → exit code. */

import { exitCodeOf, isAssayError, UsageError } from "@assay/assay/commands";
import { Command, CommanderError, Help } from "commander";
import { addCheck } from "./commands/check.js";
import { addCheckProof } from "./commands/check-proof.js";
import { addCompare } from "./commands/compare.js";
import { addControls } from "./commands/controls.js";
import { addDerive } from "./commands/derive.js";
import { addErase } from "./commands/erase.js";
import { addExplain } from "./commands/explain.js";
import { addInit } from "./commands/init.js";
import { addKeygen } from "./commands/keygen.js";
import { addManifest } from "./commands/manifest.js";
import { addProve } from "./commands/prove.js";
import { addQuarantine } from "./commands/quarantine.js";
import { addReport } from "./commands/report.js";
import { addRun } from "./commands/run.js";
import { addSign } from "./commands/sign.js";
import { addVerify } from "./commands/verify.js";
import { type Context, contextOf } from "./context.js";
import { addCommonOptions, limitHint } from "./options.js";
import { paint, safe } from "./terminal.js";

/** What a command does: its arguments and options in, its exit code out. */
export type Action = (
  context: Context,
  args: readonly unknown[],
  values: Readonly<Record<string, unknown>>,
) => Promise<number>;

/** Adds a command to the program. */
export type AddCommand = (program: Command, act: (command: Command, action: Action) => void) => void;

const COMMANDS: readonly AddCommand[] = [
  addRun,
  addManifest,
  addVerify,
  addCompare,
  addProve,
  addCheckProof,
  addCheck,
  addQuarantine,
  addErase,
  addDerive,
  addKeygen,
  addSign,
  addControls,
  addReport,
  addInit,
  addExplain,
];

const ABOUT = `Tells what is in a training data set, proves it, looks for poison in it, and signs what it found.

Begin:
  assay run train.csv --label label     manifest, checks, evidence and report → train.assay/
  assay verify train.assay              are these still the bytes, the records, the findings?
  assay compare old.csv new.parquet     what changed, record by record
  assay explain                         checks, controls and error codes in plain words`;

/** Fills paragraphs for the width there is; lines that are indented are examples, and stay as they are. */
function fillParagraphs(this: Help, text: string, width: number): string {
  const wrap = (lines: readonly string[]): string => Help.prototype.boxWrap.call(this, lines.join(" "), width);
  const filled: string[] = [];
  let paragraph: string[] = [];
  for (const line of [...text.split("\n"), ""]) {
    const isText = /^\S/.test(line);
    if (isText) paragraph.push(line);
    if (isText && !line.endsWith(":")) continue;
    if (paragraph.length > 0) filled.push(wrap(paragraph));
    paragraph = [];
    if (!isText) filled.push(line);
  }
  return filled.slice(0, -1).join("\n");
}

const EXIT_CODES = `
Exit codes:
  0 good · 1 a gate or policy said no · 2 tampered · 3 untrusted · 4 malformed input
  5 cannot read or write · 64 usage · 70 a bug in Assay · 130 interrupted`;

/** Runs a command and ends the process with its exit code. */
export async function runProgram(argv: readonly string[], version: string): Promise<void> {
  const controller = new AbortController();
  let interrupted = 0;
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    process.on(signal, () => {
      // A second signal does not wait for the cleaning up.
      if (interrupted !== 0) process.exit(code);
      interrupted = code;
      controller.abort(new DOMException("Interrupted", "AbortError"));
    });

  let exitCode = 0;
  const act = (command: Command, action: Action): void => {
    command.action(async (...everything: unknown[]) => {
      const args = everything.slice(0, -2);
      const values = command.opts();
      const context = contextOf(values, controller.signal);
      try {
        exitCode = await action(context, args, values);
      } catch (error) {
        context.clear();
        exitCode = interrupted !== 0 ? interrupted : explainError(error, context);
        if (interrupted !== 0 && !context.quiet)
          process.stderr.write(`${paint.red("assay:")} interrupted; nothing was left behind\n`);
      } finally {
        context.clear();
      }
    });
  };

  const program = new Command("assay")
    .description(ABOUT)
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .addHelpText("after", EXIT_CODES)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureHelp({ sortOptions: false, showGlobalOptions: false, boxWrap: fillParagraphs });
  for (const add of COMMANDS) add(program, act);
  for (const command of program.commands) {
    addCommonOptions(command);
    command.exitOverride().helpOption("-h, --help", "print help").showSuggestionAfterError(true);
    command.showHelpAfterError(`(assay ${command.name()} --help tells more)`);
  }

  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const asked = ["commander.helpDisplayed", "commander.help", "commander.version"].includes(error.code);
    exitCode = asked && error.exitCode === 0 ? 0 : 64;
    if (exitCode === 64 && argv.includes("--json"))
      process.stdout.write(
        `${JSON.stringify({ ok: false, code: "usage", message: error.message, details: {} }, null, 2)}\n`,
      );
  }
  // Everything that was written must be out before the process ends; workers and handles are closed by then.
  process.exitCode = exitCode;
}

/** Says what went wrong, for people and for programs, and gives the exit code. */
function explainError(error: unknown, { json }: Context): number {
  const { code, details, exitCode, ...described } = describeError(error);
  const message = described.message + limitHint(code, details);
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, code, message, details }, null, 2)}\n`);
  process.stderr.write(`${paint.red("assay:")} ${safe(message)}${code === "usage" ? "" : paint.dim(` (${code})`)}\n`);
  if (exitCode === 70)
    process.stderr.write("This is a bug in Assay. Set ASSAY_DEBUG=1 to see where it happened, and please report it.\n");
  if (exitCode === 70 && process.env.ASSAY_DEBUG) process.stderr.write(`${(error as Error)?.stack ?? error}\n`);
  return exitCode;
}

function describeError(error: unknown): { code: string; message: string; details: unknown; exitCode: number } {
  if (isAssayError(error))
    return { code: error.code, message: error.message, details: error.details, exitCode: exitCodeOf(error) };
  if (error instanceof UsageError)
    return { code: "usage", message: error.message, details: error.details, exitCode: 64 };
  return {
    code: "bug",
    message: error instanceof Error ? error.message : String(error),
    details: {},
    exitCode: 70,
  };
}
