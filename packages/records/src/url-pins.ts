/**
 * Pins of URLs (`docs/spec/url-pins.md`): what was behind each when it was fetched, so that a later look tells a dead link, a
 * changed object and a digest that was never true. A pin has no time; the statement that names the list of pins has one.
 */

import { createSha256, FormatError, isAssayError, toHex } from "@assay/merkle";
import { askUrl, isHttpUrl, type RemoteOptions, shownUrl } from "./http-request.js";
import { readWhole } from "./remote-file.js";
import type { ListedUrl } from "./url-list.js";

/** Why there is no digest of a URL. */
export type PinFault = "bad-url" | "not-found" | "permission-denied" | "cannot-read" | "limit-exceeded";

/** What was behind a URL. */
export type UrlPin =
  | {
      readonly url: string;
      /** Bytes. */
      readonly size: number;
      /** SHA-256 of the bytes, 64 lower-case hex digits. */
      readonly sha256: string;
      /** Where redirects led, without the query; only when that is elsewhere. */
      readonly location?: string;
      /** What the list promised and what was not so. */
      readonly lied?: { readonly size?: number; readonly sha256?: string };
    }
  | { readonly url: string; readonly fault: PinFault };

export interface PinUrlsOptions extends RemoteOptions {
  /** URLs that are fetched at the same time, 1 … 256. Changes no result. Default 8. */
  readonly concurrency?: number;
  /** Most bytes of one object; a larger one has the fault `limit-exceeded`. Default 1 GiB. */
  readonly maxObjectBytes?: number;
  readonly signal?: AbortSignal;
  /** Called with the number of URLs that are done. */
  readonly onDone?: (done: number) => void;
}

/**
 * Fetches what is behind URLs, and pins it. Nothing is kept: memory follows `concurrency`, not the objects.
 *
 * @returns one pin for each URL, in their order. A dead link is a pin with a fault, not an error.
 * @throws RangeError for an impossible option; the reason of `signal`.
 */
export async function* pinUrls(
  urls: Iterable<ListedUrl> | AsyncIterable<ListedUrl>,
  options: PinUrlsOptions = {},
): AsyncGenerator<UrlPin> {
  yield* inOrder(urls, (listed, signal) => pinUrl(listed, { ...options, signal }), options);
}

/** What a second look at a pinned URL tells. */
export interface PinVerdict {
  readonly pin: UrlPin;
  /** What is there now. */
  readonly now: UrlPin;
  /** `gone`: it cannot be read any more. `back`: it could not be read when it was pinned, and can now. */
  readonly verdict: "same" | "changed" | "gone" | "back" | "still-gone";
}

/**
 * Looks once more at pinned URLs.
 *
 * @returns one verdict for each pin, in their order. Whether a difference is an error is for the caller to say.
 */
export async function* checkPins(
  pins: Iterable<UrlPin> | AsyncIterable<UrlPin>,
  options: PinUrlsOptions = {},
): AsyncGenerator<PinVerdict> {
  const look = async (pin: UrlPin, signal: AbortSignal): Promise<PinVerdict> => {
    const now = await pinUrl({ url: pin.url }, { ...options, signal });
    const there = !("fault" in now);
    if ("fault" in pin) return { pin, now, verdict: there ? "back" : "still-gone" };
    if (!there) return { pin, now, verdict: "gone" };
    return { pin, now, verdict: pin.sha256 === now.sha256 && pin.size === now.size ? "same" : "changed" };
  };
  yield* inOrder(pins, look, options);
}

async function pinUrl(
  { url, size: promisedSize, sha256: promisedDigest }: ListedUrl,
  { maxObjectBytes = 2 ** 30, ...options }: PinUrlsOptions & { readonly signal: AbortSignal },
): Promise<UrlPin> {
  if (!isHttpUrl(url) || !URL.canParse(url)) return { url, fault: "bad-url" };
  let hash = createSha256();
  let size = 0;
  const sink = {
    async begin() {
      hash = createSha256();
      size = 0;
    },
    async write(piece: Uint8Array) {
      size += piece.length;
      if (size > maxObjectBytes)
        throw new FormatError("limit-exceeded", `more than maxObjectBytes (${maxObjectBytes}) bytes`);
      hash.update(piece);
    },
  };
  let location: string;
  try {
    location = shownUrl((await readWhole(askUrl(url), shownUrl(url), sink, options)).url);
  } catch (error) {
    options.signal.throwIfAborted();
    if (isAssayError(error)) return { url, fault: error.code as PinFault };
    throw error;
  }
  const sha256 = toHex(hash.digest());
  const lied = {
    ...(promisedSize === undefined || promisedSize === size ? {} : { size: promisedSize }),
    ...(promisedDigest === undefined || promisedDigest === sha256 ? {} : { sha256: promisedDigest }),
  };
  return {
    url,
    size,
    sha256,
    ...(location === shownUrl(url) ? {} : { location }),
    ...(Object.keys(lied).length === 0 ? {} : { lied }),
  };
}

/** Works on several inputs at once, and gives the outputs in the order of the inputs. Leaving the loop stops the rest. */
async function* inOrder<Input, Output>(
  inputs: Iterable<Input> | AsyncIterable<Input>,
  work: (input: Input, signal: AbortSignal) => Promise<Output>,
  { concurrency = 8, signal, onDone }: PinUrlsOptions,
): AsyncGenerator<Output> {
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 256)
    throw new RangeError(`concurrency must be a whole number from 1 to 256, not ${concurrency}`);
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", onAbort, { once: true });
  const queue: Promise<Output>[] = [];
  let done = 0;
  const next = async (): Promise<Output> => {
    const output = await (queue.shift() as Promise<Output>);
    onDone?.(++done);
    return output;
  };
  try {
    for await (const input of inputs) {
      const output = work(input, controller.signal);
      // It is thrown when its turn comes.
      output.catch(() => {});
      queue.push(output);
      if (queue.length === concurrency) yield await next();
    }
    while (queue.length > 0) yield await next();
  } finally {
    signal?.removeEventListener("abort", onAbort);
    controller.abort(new Error("The pins are no longer wanted"));
  }
}
