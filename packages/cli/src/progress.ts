/** One line on stderr that says what is being done, how far it is, and how long it will take. Only on a terminal. */

import type { Progress } from "@assay/assay/commands";
import { paint, safe } from "./terminal.js";

const VERBS: Readonly<Record<Progress["stage"], string>> = {
  scan: "reading",
  infer: "finding types",
  hash: "hashing records",
  tree: "building trees",
  read: "loading columns",
  check: "looking for poison",
  write: "writing",
};

export interface ProgressLine {
  show(progress: Progress): void;
  /** Takes the line away, so that results are not mixed with it. */
  clear(): void;
}

/** A progress line, or one that shows nothing when stderr is no terminal. */
export function progressLine(stream: NodeJS.WriteStream, quiet: boolean): ProgressLine {
  if (quiet || stream.isTTY !== true) return { show() {}, clear() {} };
  let stage = "";
  let stageBegan = 0;
  let drawn = 0;
  let visible = false;
  return {
    show({ stage: now, done, total, what }) {
      const key = `${now} ${now === "check" ? (what ?? "") : ""}`;
      const time = Date.now();
      if (key !== stage) {
        stage = key;
        stageBegan = time;
        drawn = 0;
      }
      if (time - drawn < 80 && done !== total) return;
      drawn = time;
      const share = total > 0 ? Math.min(1, done / total) : 0;
      const elapsed = (time - stageBegan) / 1000;
      const left = share > 0.02 && elapsed > 1 ? ` ${remaining((elapsed / share) * (1 - share))}` : "";
      const bar = total > 0 ? ` ${drawBar(share)} ${String(Math.floor(share * 100)).padStart(3)} %${left}` : "";
      const text = `${VERBS[now]}${bar}${what ? `  ${safe(what)}` : ""}`;
      const width = Math.max(20, (stream.columns ?? 80) - 1);
      stream.write(`\r\x1b[2K${paint.dim(text.length > width ? text.slice(0, width) : text)}`);
      visible = true;
    },
    clear() {
      if (visible) stream.write("\r\x1b[2K");
      visible = false;
    },
  };
}

function drawBar(share: number): string {
  const width = 24;
  const full = Math.round(share * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

function remaining(seconds: number): string {
  if (seconds < 1) return "";
  if (seconds < 90) return `${Math.ceil(seconds)} s left`;
  return `${Math.ceil(seconds / 60)} min left`;
}
