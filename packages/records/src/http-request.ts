/**
 * Requests to `http(s)` URLs (RFC 9110): redirects are followed by hand, so that none leads from https to http and no
 * credentials go to another origin; nothing is decoded on the way, because a digest is of the bytes as they are stored.
 */

import { SourceError } from "@assay/merkle";

/** How patient a reader of a server is. Changes no result. */
export interface RemoteOptions {
  /** A server that sends less than 16 KiB in so many milliseconds has stalled. Default 30,000. */
  readonly stallMs?: number;
  /** Requests for the same bytes before giving up on 5xx, 408, 429, stalls and faults of the network. Default 5. */
  readonly attempts?: number;
}

/** An answer, and the URL that gave it after redirects. */
export interface RemoteAnswer {
  readonly response: Response;
  readonly url: string;
}

/** Asks for one object with some headers. Throws {@link TransientFault} for what may go away by itself. */
export type AskRemote = (headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<RemoteAnswer>;

/** A fault that another attempt may not meet: the network, a busy server, a stall. */
export class TransientFault extends Error {
  override readonly name = "TransientFault";
  /** Milliseconds that the server wants to be left alone, when it says so. */
  readonly waitMs: number | undefined;

  constructor(message: string, options: { readonly cause?: unknown; readonly waitMs?: number | undefined } = {}) {
    super(message, { cause: options.cause });
    this.waitMs = options.waitMs;
  }
}

const MAX_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Whether an input is the URL of something on a web server, not a path. */
export function isHttpUrl(input: string): boolean {
  return /^https?:\/\//i.test(input);
}

/** Whether an input is something in S3-compatible storage. */
export function isS3Location(input: string): boolean {
  return /^s3:\/\//i.test(input);
}

/** A URL as messages show it: without query, fragment and credentials, which may be secrets. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/**
 * Asks for an object of a web server; each question follows the redirects anew, so that one that has run out is no fault.
 *
 * @param location The URL; a user and password in it are sent as Basic authorization, to its own origin only.
 */
export function askUrl(location: string): AskRemote {
  const start = new URL(location);
  const { username, password, origin } = start;
  const authorization =
    username === "" && password === ""
      ? {}
      : { authorization: `Basic ${base64(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}` };
  start.username = "";
  start.password = "";
  start.hash = "";
  return async (headers, signal) => {
    let at = start;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await ask(at, { ...headers, ...(at.origin === origin ? authorization : {}) }, signal);
      if (!REDIRECTS.has(response.status)) return { response, url: response.url || at.href };
      await letGo(response);
      at = nextUrl(at, response.headers.get("location"));
    }
    throw refused(start.href, `it leads through more than ${MAX_REDIRECTS} redirects`);
  };
}

async function ask(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
  const options = {
    headers: { ...headers, "accept-encoding": "identity" },
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    signal,
  } as const;
  const response = await send(url, { ...options, redirect: "manual" });
  // A page may not look at redirects: there the browser follows them, and keeps https from leading to http itself.
  return response.type === "opaqueredirect" ? send(url, { ...options, redirect: "follow" }) : response;
}

/** `fetch`, whose faults are transient: the URL and the headers are known to be well formed. */
export async function send(url: URL | Request, options: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, options);
  } catch (cause) {
    throw new TransientFault(causeWords(cause), { cause });
  }
}

/** What the system says of a fault of the network, which is behind the words of `fetch`. */
export function causeWords(error: unknown): string {
  const deepest = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return deepest instanceof Error && deepest.message !== "" ? deepest.message : String(error);
}

function nextUrl(from: URL, location: string | null): URL {
  let next: URL;
  try {
    next = new URL(location ?? "", from);
  } catch {
    throw refused(from.href, "it redirects to something that is no URL");
  }
  if (location === null) throw refused(from.href, "it redirects to nowhere");
  if (next.protocol !== "https:" && (from.protocol === "https:" || next.protocol !== "http:"))
    throw refused(from.href, `it redirects to ${next.protocol} which is not followed from ${from.protocol}`);
  next.username = "";
  next.password = "";
  next.hash = "";
  return next;
}

function refused(url: string, why: string): SourceError {
  const shown = shownUrl(url);
  return new SourceError("cannot-read", `Cannot read ${shown}: ${why}`, { details: { url: shown } });
}

/** Ends an answer whose body nobody wants. */
export async function letGo(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {});
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
