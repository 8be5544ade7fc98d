/** Standard input as a source of one file. It can be read once, so it is copied first (DESIGN §3.2). */

import { open } from "node:fs/promises";
import { parse } from "node:path";
import { SourceError } from "@assay/merkle";
import { checkDataPath } from "./data-path.js";
import { formatByContent, formatByName } from "./format-detection.js";
import { systemError } from "./local-file.js";
import { unknownFormat } from "./memory-source.js";
import type { OpenSourceOptions } from "./open-source.js";
import type { Format } from "./reader.js";
import { HEAD_BYTES } from "./remote-file.js";
import type { Source } from "./source.js";
import { sourceOfFiles } from "./source-of-files.js";

/** The path that a format gives to what has no name. */
const ENDINGS: Readonly<Partial<Record<Format, string>>> = { text: ".txt", files: "", other: "" };

/**
 * Copies standard input and opens the copy. Its path in the data set is `stdin` with the ending of its format, unless one is given.
 *
 * @throws RangeError when more is named than `-`. SourceError `cannot-read` without a spool; FormatError `unknown-format`, `bad-path`.
 */
export async function openStandardInput(inputs: readonly string[], options: OpenSourceOptions): Promise<Source> {
  const { spool, standardInput = process.stdin, signal } = options;
  if (inputs.length > 1)
    throw new RangeError('inputs must be "-" alone, or not hold it: standard input is one data set');
  if (spool === undefined) {
    throw new SourceError(
      "cannot-read",
      "Standard input can be read once, and must be copied first. Write it to a file, or give openSource a spool",
      { details: { path: "-" } },
    );
  }
  const copy = await spool.add("standard input", async (writer) => {
    await writer.begin();
    for await (const piece of abortable(standardInput, signal)) await writer.write(piece);
  });
  const named = options.path === undefined ? null : formatByName(options.path);
  const format = options.format ?? named ?? (await formatByContent(await headOf(copy.location)));
  if (format === null) throw unknownFormat("standard input");
  const path = options.path ?? `stdin${ENDINGS[format] ?? `.${format}`}`;
  checkDataPath(path);
  const warning = `standard input was copied to a temporary file (${copy.size} bytes), which is removed in the end`;
  return sourceOfFiles(parse(path).name, [{ path, format, ...copy }], [warning], options);
}

/** The pieces of a stream, until the signal says to stop; also while nothing comes. */
async function* abortable(
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const iterator = pieces[Symbol.asyncIterator]();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal?.reason);
  });
  aborted.catch(() => {});
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    throw systemError(error, "standard input");
  } finally {
    signal?.removeEventListener("abort", onAbort);
    // Not waited for: a stream that sends nothing would never answer. Left open, it would keep the process from ending.
    iterator.return?.()?.catch(() => {});
    (pieces as { destroy?: () => void }).destroy?.();
  }
}

async function headOf(location: string): Promise<Uint8Array> {
  const handle = await open(location, "r");
  try {
    const head = new Uint8Array(HEAD_BYTES);
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
