/** Tasks that do to a cluster what tests need. */

import { appendFileSync, closeSync, openSync, readFileSync } from "node:fs";

/** Kills what it runs in when it is the first to come; after that it does the work of another task. */
export async function killedOnce({ task, flag, victim }, input, context) {
  if (isFirst(flag)) {
    process.kill(victim === "kernel" ? process.pid : executorOf(process.pid), "SIGKILL");
    await new Promise(() => {});
  }
  appendFileSync(`${flag}.done`, "x");
  const loaded = await import(task.module);
  return loaded[task.name](task.options, input, context);
}

export function alwaysKilled() {
  process.kill(process.pid, "SIGKILL");
}

/** Says which process it is, and then never ends. */
export function spin({ log }) {
  appendFileSync(log, `${process.pid}\n`);
  for (;;);
}

export function whereAmI() {
  return { pid: process.pid, executor: executorOf(process.pid) };
}

function isFirst(flag) {
  try {
    closeSync(openSync(flag, "wx"));
    return true;
  } catch {
    return false;
  }
}

/** The JVM of Spark's executor that this process descends from: node ← Python worker ← Python daemon ← executor. */
function executorOf(pid) {
  for (let at = pid; at > 1; ) {
    if (readFileSync(`/proc/${at}/cmdline`, "latin1").includes("CoarseGrainedExecutorBackend")) return at;
    at = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${at}/status`, "latin1"))[1]);
  }
  throw new Error(`Process ${pid} runs in no executor of Spark`);
}
