/**
 * What a server's answer to a range request must be (RFC 9110 §14): 206, exactly the bytes that were asked for, uncoded, of
 * the same object as before. Everything else is refused before a byte of it is used.
 */

import { SourceError } from "@assay/merkle";
import { letGo, TransientFault } from "./http-request.js";
import { sourceChanged } from "./range-stream.js";

/** An object on a server, for messages and for comparing. */
export interface RemoteObject {
  /** Path inside the data set. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** What {@link identityOfAnswer} gave when it was listed. */
  readonly identity: string;
}

export interface ContentRange {
  readonly begin: number;
  readonly end: number;
  /** Size of the whole object; `null` when the server does not know. */
  readonly total: number | null;
}

/** A `Content-Range` of bytes, strictly; `null` for anything else. A `*` for the range is the empty one. */
export function parseContentRange(text: string | null): ContentRange | null {
  const found = /^bytes (?:(\d{1,16})-(\d{1,16})|(\*))\/(?:(\d{1,16})|\*)$/.exec(text ?? "");
  if (found === null) return null;
  const total = found[4] === undefined ? null : Number(found[4]);
  const begin = found[3] === undefined ? Number(found[1]) : 0;
  const end = found[3] === undefined ? Number(found[2]) + 1 : 0;
  const numbers = [begin, end, total ?? 0];
  if (!numbers.every(Number.isSafeInteger) || begin > end || (total !== null && end > total)) return null;
  return { begin, end, total };
}

/**
 * What must stay the same while an object is read: its strong entity tag, else its time of modification (and weak tag).
 * Empty when the server tells neither: then only the digests of what is read tell a change.
 */
export function identityOfAnswer(headers: Headers): string {
  const tag = headers.get("etag");
  if (tag !== null && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag)) return `etag ${tag}`;
  const modified = headers.get("last-modified");
  return [modified === null ? "" : `modified ${modified}`, tag === null ? "" : `weak ${tag}`]
    .filter((part) => part !== "")
    .join(" ");
}

/** Headers that ask a server to refuse (412) when the object is another one by now. */
export function conditionOf(identity: string): Readonly<Record<string, string>> {
  if (identity.startsWith("etag ")) return { "if-match": identity.slice(5) };
  const modified = /^modified (.*?)(?: weak .*)?$/.exec(identity)?.[1];
  return modified === undefined ? {} : { "if-unmodified-since": modified };
}

/** Refuses an answer that is not bytes [begin, end) of the object. */
export async function checkRangeAnswer(
  response: Response,
  object: RemoteObject,
  begin: number,
  end: number,
): Promise<void> {
  const fault = faultOf(response, object, begin, end);
  if (fault === null) return;
  await letGo(response);
  throw fault;
}

function faultOf({ status, headers }: Response, object: RemoteObject, begin: number, end: number): Error | null {
  const { path, size, identity } = object;
  if (status === 412) return sourceChanged(path, "the server has another version of it by now");
  if (status === 200 || status === 206) {
    const now = identityOfAnswer(headers);
    if (now !== identity)
      return sourceChanged(
        path,
        `the server calls it ${now === "" ? "nothing" : JSON.stringify(now)} now, and called it ${identity === "" ? "nothing" : JSON.stringify(identity)} before`,
      );
  }
  if (status === 416) return sourceChanged(path, "it is shorter than it was");
  if (status !== 206 && status !== 200) return faultOfStatus(status, headers, path);
  if (status === 200)
    return cannotRead(path, "the server answered range requests and does not any more. Download the file first");
  const coding = codingFault(headers, path);
  if (coding !== null) return coding;
  const range = parseContentRange(headers.get("content-range"));
  if (range === null) return cannotRead(path, "the server's answer does not say which bytes it has");
  if (range.total !== null && range.total !== size)
    return sourceChanged(path, `it has ${range.total} bytes, and had ${size}`);
  if (range.begin !== begin || range.end !== end)
    return cannotRead(
      path,
      `bytes ${begin} to ${end} were asked for, and the server sent ${range.begin} to ${range.end}`,
    );
  const length = headers.get("content-length");
  if (length !== null && length !== String(end - begin))
    return cannotRead(path, `${end - begin} bytes were asked for, and the server announces ${length}`);
  return null;
}

/** The refusal of an answer in a content coding: its ranges and its size are not those of the file. `null`: there is none. */
export function codingFault(headers: Headers, path: string): SourceError | null {
  const coding = headers.get("content-encoding");
  if (coding === null || /^(identity)?$/i.test(coding)) return null;
  return cannotRead(path, `the server sends it in the coding ${JSON.stringify(coding)}, though it was asked not to`);
}

/** What a status says that is no success. */
export function faultOfStatus(status: number, headers: Headers, path: string): Error {
  if (status >= 500 || status === 408 || status === 429)
    return new TransientFault(`the server answers with status ${status}`, { waitMs: retryAfterMs(headers) });
  const details = { path, status };
  if (status === 404 || status === 410)
    return new SourceError("not-found", `Cannot read ${path}: the server has no such file (status ${status})`, {
      details,
    });
  if (status === 401 || status === 403)
    return new SourceError(
      "permission-denied",
      `Cannot read ${path}: the server does not permit it (status ${status})`,
      {
        details,
      },
    );
  return new SourceError("cannot-read", `Cannot read ${path}: the server answers with status ${status}`, { details });
}

/** `Retry-After` in seconds; as a date it would need a clock that agrees with the server's. */
function retryAfterMs(headers: Headers): number | undefined {
  const seconds = headers.get("retry-after");
  return seconds !== null && /^\d{1,5}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}

export function cannotRead(path: string, why: string, cause?: unknown): SourceError {
  return new SourceError("cannot-read", `Cannot read ${path}: ${why}`, { details: { path }, cause });
}
