/**
 * A corpus that is given as a list of URLs (`docs/spec/url-pins.md`): the list is the data set, and what was behind its URLs is
 * pinned beside it, in `urls.jsonl`. And the second look at such pins.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FolderReader } from "@assay/manifest";
import { type AssayError, equalBytes, FormatError, SourceError, sha256, toHex, VerificationError } from "@assay/merkle";
import {
  checkPins,
  type Executor,
  formatUrlPin,
  type PinFault,
  type PinUrlsOptions,
  type PinVerdict,
  parseUrlPins,
  pinUrls,
  readUrlList,
  type ScannedSource,
} from "@assay/records";
import { UsageError } from "../usage-error.js";
import type { Output, Work } from "./options.js";

export const PINS_FILE = "urls.jsonl";

/** Most bytes of {@link PINS_FILE}: 1 GiB, some five million URLs. */
const MAX_PINS_BYTES = 2 ** 30;
/** Differences that are told one by one. */
const TOLD = 1000;

/** What was found behind the URLs of a list. */
export interface PinSummary {
  readonly urls: number;
  /** URLs that could be read. */
  readonly pinned: number;
  /** Why others could not: fault → number. */
  readonly faults: Readonly<Record<string, number>>;
  /** URLs whose object is not the one that the list promises. */
  readonly lied: number;
  /** SHA-256 of `urls.jsonl`, lower-case hex. */
  readonly sha256: string;
}

/**
 * Fetches what is behind the URLs of a list. Memory: some 200 bytes a URL.
 *
 * @param column Column that holds them. Default `url`; of text files the line.
 * @throws FormatError `schema-mismatch` (no such column), `limit-exceeded` (more than 1 GiB of pins), `bad-value`.
 */
export async function pinList(
  scanned: ScannedSource,
  column: string | undefined,
  executor: Executor,
  work: Work,
): Promise<{ bytes: Uint8Array; summary: PinSummary }> {
  const isText = scanned.files.every(({ index }) => index.format === "text");
  const { signal, onProgress } = work;
  const list = readUrlList(scanned, {
    url: column ?? (isText ? "text" : "url"),
    executor,
    ...(signal !== undefined && { signal }),
  });
  const lines: Uint8Array[] = [];
  const faults = new Map<string, number>();
  let [size, pinned, lied] = [0, 0, 0];
  const onDone = (done: number): void => onProgress?.({ stage: "read", done, total: scanned.records, what: "URLs" });
  for await (const pin of pinUrls(list, { ...remoteOf(work), onDone })) {
    const line = formatUrlPin(pin);
    size += line.length;
    if (size > MAX_PINS_BYTES)
      throw new FormatError(
        "limit-exceeded",
        `${PINS_FILE} would be larger than 1 GiB after ${lines.length} URLs. Cut the list into several data sets`,
        { details: { path: PINS_FILE, limit: "maxPinsBytes", value: MAX_PINS_BYTES } },
      );
    lines.push(line);
    if ("fault" in pin) faults.set(pin.fault, (faults.get(pin.fault) ?? 0) + 1);
    else {
      pinned++;
      if (pin.lied !== undefined) lied++;
    }
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const line of lines) {
    bytes.set(line, at);
    at += line.length;
  }
  const sorted = Object.fromEntries([...faults].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { bytes, summary: { urls: lines.length, pinned, faults: sorted, lied, sha256: toHex(sha256(bytes)) } };
}

/** Pins of an earlier look are evidence: other ones replace them only when somebody says so. */
export async function refuseOtherPins(folder: string, pins: Uint8Array, { overwrite }: Output): Promise<void> {
  const path = join(folder, PINS_FILE);
  if (overwrite === true || !existsSync(path) || equalBytes(await readFile(path), pins)) return;
  throw new SourceError(
    "exists",
    `Cannot write ${folder}: it has pins of an earlier look, and what is there now is not the same (\`assay verify --urls\` tells what). To replace it, say --overwrite; or choose another place with -o`,
    { details: { path: folder } },
  );
}

function remoteOf({ stallMs, signal }: Work): Pick<PinUrlsOptions, "stallMs" | "signal"> {
  return { ...(stallMs !== undefined && { stallMs }), ...(signal !== undefined && { signal }) };
}

/** One URL that is not as it was pinned. Holds data: escape it. */
export interface UrlDifference {
  readonly url: string;
  /** `moved`: the same bytes, behind another redirect. */
  readonly verdict: Exclude<PinVerdict["verdict"], "same" | "still-gone"> | "moved";
  /** Only where it is an error. */
  readonly code?: "bytes-mismatch" | Exclude<PinFault, "bad-url" | "limit-exceeded">;
  readonly message: string;
}

/** Whether a difference is an error. */
export function isFault(difference: UrlDifference): difference is Required<UrlDifference> {
  return difference.code !== undefined;
}

/** A changed object does not match its pin; one that is gone cannot be read. */
export function faultOf({ url, code, message }: Required<UrlDifference>): AssayError {
  const options = { details: { url } };
  return code === "bytes-mismatch"
    ? new VerificationError(code, message, options)
    : new SourceError(code, message, options);
}

/** What a second look at all pins found. */
export interface UrlsVerdict {
  readonly same: number;
  readonly changed: number;
  readonly gone: number;
  readonly back: number;
  readonly stillGone: number;
  readonly moved: number;
  /** The first 1,000. */
  readonly differences: readonly UrlDifference[];
}

/**
 * Fetches every pinned URL again.
 *
 * @throws UsageError when the folder has no pins; FormatError `malformed-pins`; the reason of the signal.
 */
export async function checkUrls(folder: FolderReader, work: Work): Promise<UrlsVerdict> {
  const bytes = await folder.read(PINS_FILE, { maxBytes: MAX_PINS_BYTES });
  if (bytes === undefined)
    throw new UsageError(`--urls: the folder has no ${PINS_FILE}; \`assay manifest --urls LIST\` writes one`);
  // Malformed pins are told before anybody is asked.
  const pins = [...parseUrlPins(bytes)];
  const counts = { same: 0, changed: 0, gone: 0, back: 0, "still-gone": 0, moved: 0 };
  const differences: UrlDifference[] = [];
  const onDone = (done: number): void => work.onProgress?.({ stage: "read", done, total: pins.length, what: "URLs" });
  for await (const found of checkPins(pins, { ...remoteOf(work), onDone })) {
    counts[found.verdict]++;
    const difference = differenceOf(found);
    if (difference === undefined) continue;
    if (difference.verdict === "moved") counts.moved++;
    if (differences.length < TOLD) differences.push(difference);
  }
  const { "still-gone": stillGone, ...others } = counts;
  return { ...others, stillGone, differences };
}

function differenceOf({ pin, now, verdict }: PinVerdict): UrlDifference | undefined {
  const { url } = pin;
  if (verdict === "changed" && !("fault" in pin) && !("fault" in now)) {
    const message = `${url} has changed: ${now.size} bytes with the SHA-256 ${now.sha256}, pinned are ${pin.size} with ${pin.sha256}`;
    return { url, verdict, code: "bytes-mismatch", message };
  }
  if (verdict === "gone" && "fault" in now) {
    // An object that grew beyond what is fetched is another one.
    const code = now.fault === "limit-exceeded" || now.fault === "bad-url" ? "bytes-mismatch" : now.fault;
    return { url, verdict, code, message: `${url} is not there any more (${now.fault})` };
  }
  if (verdict === "back" && "fault" in pin)
    return { url, verdict, message: `${url} can be read now, and could not when it was pinned (${pin.fault})` };
  if (verdict !== "same" || "fault" in pin || "fault" in now || pin.location === now.location) return undefined;
  const place = now.location === undefined ? "is not redirected any more" : `is redirected to ${now.location}`;
  return { url, verdict: "moved", message: `${url} ${place}, with the bytes that are pinned` };
}

/** One clause that says what was found. */
export function urlsLine({ same, back, stillGone, moved }: UrlsVerdict): string {
  const others = [
    moved > 0 ? `${moved} behind another redirect` : "",
    back > 0 ? `${back} back` : "",
    stillGone > 0 ? `${stillGone} as unreadable as before` : "",
  ].filter((text) => text !== "");
  return `${same} URLs as they were pinned${others.length === 0 ? "" : ` (${others.join(", ")})`}`;
}
