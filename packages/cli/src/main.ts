/**
 * The command `assay`. Who asks for its version, as installers and pipelines do, does not wait for everything that commands need: half
 * of what starting costs.
 */

declare const ASSAY_VERSION: string;

/** Runs the command and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // `assay … | head` closes stdout early: that is no error of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  const [option, ...more] = argv.slice(2);
  if ((option === "--version" || option === "-V") && more.length === 0) {
    process.stdout.write(`${ASSAY_VERSION}\n`);
    return;
  }
  const { runProgram } = await import("./program.js");
  await runProgram(argv, ASSAY_VERSION);
}
