/** What a notebook shows: the page in a frame of its own, Markdown and plain text. */

import { escapeHtml } from "./html-escape.js";
import type { Report } from "./report-model.js";
import { toHtml } from "./to-html.js";
import { toMarkdown } from "./to-markdown.js";
import { toText } from "./to-text.js";

/** The symbol that Deno's Jupyter kernel asks for a display object. */
export const JUPYTER_DISPLAY: unique symbol = Symbol.for("Jupyter.display") as never;

/** Media types and their contents, as Jupyter wants them. */
export interface NotebookDisplay {
  readonly "text/html": string;
  readonly "text/markdown": string;
  readonly "text/plain": string;
}

export interface ToNotebookOptions {
  /** Most findings in the page; it is stored in the notebook. Default 200. */
  readonly maxFindings?: number;
  /** Height of the frame, CSS pixels. Default 720. */
  readonly height?: number;
}

/**
 * The display object of a report. The page is in a sandboxed frame: its style does not reach the notebook, and its script
 * has neither its origin nor its network.
 *
 * @example
 * const shown = { [JUPYTER_DISPLAY]: () => toNotebook(report) }; // displays itself in Deno's kernel
 */
export function toNotebook(report: Report, options: ToNotebookOptions = {}): NotebookDisplay {
  const { maxFindings = 200, height = 720 } = options;
  if (!Number.isSafeInteger(height) || height <= 0) throw new RangeError(`height: ${height} is not a number of pixels`);
  // A new line or a tab of our own page is no unseen character of data: those are marked in it already.
  const page = toHtml(report, { maxFindings }).split("\n").map(escapeHtml).join("\n");
  return {
    "text/html": `<iframe title="Assay report" sandbox="allow-scripts" style="width:100%;height:${height}px;border:0" srcdoc="${page}"></iframe>`,
    "text/markdown": toMarkdown(report),
    "text/plain": toText(report),
  };
}
