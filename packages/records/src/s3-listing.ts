/** What is in a bucket under a prefix: ListObjectsV2, page by page, its XML read as strictly as is needed and no further. */

import { SourceError } from "@assay/merkle";
import { cannotRead, faultOfStatus } from "./remote-answer.js";
import { Attempts, Patience, RemoteBody } from "./remote-body.js";
import type { OpenRemoteOptions } from "./remote-file.js";
import { requestS3, type S3Access } from "./s3-request.js";

/** An object of a bucket. */
export interface ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Entity tag with its quotes. */
  readonly tag: string;
}

/** Most bytes of one page of at most 1,000 objects: keys have at most 1,024 bytes, escaped 3,072. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

/**
 * Lists the objects whose keys begin with a prefix, ascending as the storage has them.
 *
 * @throws SourceError `not-found` (no such bucket), `permission-denied`, `cannot-read`.
 */
export async function* listObjects(
  access: S3Access,
  prefix: string,
  shown: string,
  options: OpenRemoteOptions,
): AsyncGenerator<ListedObject> {
  let token: string | null = null;
  let last: string | null = null;
  do {
    const query: Record<string, string> = { "list-type": "2", "max-keys": "1000", prefix };
    if (token !== null) query["continuation-token"] = token;
    const page = parseListing(await fetchPage(access, query, shown, options), shown);
    for (const object of page.objects) {
      // A page that does not go on would be listed for ever.
      if (!object.key.startsWith(prefix) || (last !== null && object.key === last))
        throw cannotRead(shown, `the storage lists ${JSON.stringify(object.key)}, which was not asked for`);
      last = object.key;
      yield object;
    }
    if (page.next !== null && (page.next === token || page.objects.length === 0))
      throw cannotRead(shown, "the storage lists the same page again and again");
    token = page.next;
  } while (token !== null);
}

async function fetchPage(
  access: S3Access,
  query: Readonly<Record<string, string>>,
  shown: string,
  { signal, ...options }: OpenRemoteOptions,
): Promise<string> {
  const attempts = new Attempts(
    options,
    (fault, count) => cannotRead(shown, `${fault.message} (tried ${count} times)`, fault),
    signal,
  );
  // Percent-escaped and not with `+` for a space, as the signature has it.
  const search = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  for (;;) {
    const patience = new Patience(options, signal);
    try {
      const path = `?${search.sort().join("&")}`;
      const { response } = await patience.wait(() => requestS3(access, path, shown, {}, patience.signal));
      if (response.status !== 200) throw faultOfStatus(response.status, response.headers, shown);
      let size = 0;
      let text = "";
      const decoder = new TextDecoder("utf-8", { fatal: true });
      for await (const piece of new RemoteBody(response, patience).pieces()) {
        size += piece.length;
        if (size > MAX_PAGE_BYTES) throw cannotRead(shown, `a page of its list is longer than ${MAX_PAGE_BYTES} bytes`);
        text += decoder.decode(piece, { stream: true });
      }
      return text + decoder.decode();
    } catch (error) {
      if (error instanceof TypeError) throw cannotRead(shown, "its list is not UTF-8", error);
      await attempts.fail(error);
    } finally {
      patience.end();
    }
  }
}

/** The objects of one page, and what asks for the next. Throws SourceError `cannot-read`. */
export function parseListing(
  text: string,
  shown: string,
): { readonly objects: readonly ListedObject[]; readonly next: string | null } {
  if (!/<ListBucketResult[\s>]/.test(text)) throw cannotRead(shown, "the storage's answer is no list of objects");
  const objects: ListedObject[] = [];
  const parts = text.split("<Contents>");
  for (const part of parts.slice(1)) {
    const end = part.indexOf("</Contents>");
    const content = end < 0 ? "" : part.slice(0, end);
    const size = element(content, "Size") ?? "";
    const key = element(content, "Key");
    if (key === null || !/^\d{1,16}$/.test(size) || !Number.isSafeInteger(Number(size)))
      throw cannotRead(shown, "the storage lists an object without a key or a size");
    objects.push({ key, size: Number(size), tag: element(content, "ETag") ?? "" });
  }
  const outside = `${parts[0]}${parts.at(-1)?.split("</Contents>").at(-1) ?? ""}`;
  const truncated = element(outside, "IsTruncated") === "true";
  const next = truncated ? element(outside, "NextContinuationToken") : null;
  if (truncated && next === null) throw cannotRead(shown, "the storage lists a part and does not say how to go on");
  return { objects, next };
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The text of an element without children, or `null`. */
function element(xml: string, name: string): string | null {
  const begin = xml.indexOf(`<${name}>`);
  const end = begin < 0 ? -1 : xml.indexOf(`</${name}>`, begin);
  if (end < 0) return null;
  return xml
    .slice(begin + name.length + 2, end)
    .replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g, (whole, decimal, hex, named) => {
      if (named !== undefined) return ENTITIES[named] ?? whole;
      const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    });
}

/** The refusal of a place where nothing is. */
export function nothingThere(shown: string): SourceError {
  return new SourceError("not-found", `Cannot read ${shown}: there is no object under it`, {
    details: { path: shown },
  });
}
