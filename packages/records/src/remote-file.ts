/**
 * An object on a server as a file of random access. Reads that follow each other share one request of up to 16 MiB, whose
 * body is taken only as fast as it is wanted; every answer must be of the object that was listed (`remote-answer.ts`).
 */

import { type AskRemote, type RemoteAnswer, type RemoteOptions, TransientFault } from "./http-request.js";
import { sourceChanged } from "./range-stream.js";
import type { ByteSource } from "./reader.js";
import {
  cannotRead,
  checkRangeAnswer,
  codingFault,
  conditionOf,
  faultOfStatus,
  identityOfAnswer,
  parseContentRange,
  type RemoteObject,
} from "./remote-answer.js";
import { Attempts, Patience, RemoteBody } from "./remote-body.js";

/** Bytes asked for ahead of a read that follows another; doubled each time up to the second. */
const AHEAD_BYTES = 1_048_576;
const MAX_AHEAD_BYTES = 16_777_216;
/** Progress that makes earlier faults not count any more. */
const PROGRESS_BYTES = 65_536;
/** Bytes of the first look: they tell the format. */
export const HEAD_BYTES = 65_536;

export interface OpenRemoteOptions extends RemoteOptions {
  readonly signal?: AbortSignal;
}

/** What a first look at an object tells. */
export type RemoteLook =
  | {
      readonly ranges: true;
      readonly size: number;
      readonly identity: string;
      /** Its first bytes, {@link HEAD_BYTES} or all. */
      readonly head: Uint8Array;
      /** URL after redirects. */
      readonly url: string;
    }
  /** The server sends only the whole of it. */
  | { readonly ranges: false; readonly url: string };

/**
 * Asks for the first bytes of an object. A HEAD would tell less: some servers and all links signed for GET refuse it.
 *
 * @throws SourceError `not-found`, `permission-denied`, `cannot-read`; the reason of `signal`.
 */
export async function lookAtRemote(
  ask: AskRemote,
  path: string,
  { signal, ...options }: OpenRemoteOptions = {},
): Promise<RemoteLook> {
  const attempts = new Attempts(options, (fault, count) => gaveUp(path, fault, count), signal);
  for (;;) {
    const patience = new Patience(options, signal);
    try {
      const range = { range: `bytes=0-${HEAD_BYTES - 1}` };
      return await readHead(await patience.wait(() => ask(range, patience.signal)), path, patience);
    } catch (error) {
      await attempts.fail(error);
    } finally {
      patience.end();
    }
  }
}

async function readHead({ response, url }: RemoteAnswer, path: string, patience: Patience): Promise<RemoteLook> {
  const { status, headers } = response;
  const identity = identityOfAnswer(headers);
  const range = parseContentRange(headers.get("content-range"));
  if (status === 416 && range?.total === 0) return { ranges: true, size: 0, identity, head: new Uint8Array(0), url };
  if (status === 200) return { ranges: false, url };
  if (status !== 206) throw faultOfStatus(status, headers, path);
  const coding = codingFault(headers, path);
  if (coding !== null) throw coding;
  if (range === null) throw cannotRead(path, "the server's answer does not say which bytes it has");
  const { begin, end, total } = range;
  if (total === null) return { ranges: false, url };
  if (begin !== 0 || end !== Math.min(total, HEAD_BYTES))
    throw cannotRead(path, `its first ${HEAD_BYTES} bytes were asked for, and the server sent ${begin} to ${end}`);
  const head = new Uint8Array(end);
  const body = new RemoteBody(response, patience);
  await body.fill(head);
  if (body.taken < end) throw new TransientFault("the connection ended early");
  await body.finish();
  return { ranges: true, size: total, identity, head, url };
}

/** A request under way for bytes [begin, end). */
interface Running {
  readonly body: RemoteBody;
  readonly begin: number;
  readonly end: number;
}

/**
 * Opens an object of a source. Nothing is asked before the first read.
 *
 * @throws SourceError (from `read` and `check`) `source-changed` when it is not the object that was listed, `not-found`,
 * `permission-denied`, `cannot-read` when the server fails as often as `attempts` says, or sends what it was not asked for.
 */
export function openRemote(
  ask: AskRemote,
  object: RemoteObject,
  { signal, ...options }: OpenRemoteOptions = {},
): ByteSource {
  const { path, size, identity } = object;
  let idle: Running | null = null;
  let lastEnd = -1;
  let ahead = AHEAD_BYTES;

  const request = async (begin: number, end: number): Promise<Running> => {
    const patience = new Patience(options, signal);
    try {
      const headers = { range: `bytes=${begin}-${end - 1}`, ...conditionOf(identity) };
      const { response } = await patience.wait(() => ask(headers, patience.signal));
      await checkRangeAnswer(response, object, begin, end);
      return { body: new RemoteBody(response, patience), begin, end };
    } catch (error) {
      patience.end();
      throw error;
    }
  };

  const take = (): Running | null => {
    const taken = idle;
    idle = null;
    return taken;
  };

  return {
    path,
    size,
    async read(begin, end) {
      if (end > size) throw sourceChanged(path, `it has ${size} bytes`);
      const bytes = new Uint8Array(end - begin);
      const follows = begin === lastEnd;
      lastEnd = end;
      if (!follows) ahead = AHEAD_BYTES;
      // A read that begins while another is under way asks for itself.
      let running = take();
      if (running !== null && running.begin + running.body.taken !== begin) {
        running.body.close();
        running = null;
      }
      const attempts = new Attempts(options, (fault, count) => gaveUp(path, fault, count), signal);
      let failedAt = begin;
      for (let at = begin; at < end; ) {
        try {
          running ??= await request(at, follows ? Math.min(size, Math.max(end, at + ahead)) : end);
          const upTo = Math.min(end, running.end);
          await running.body.fill(bytes.subarray(0, upTo - begin), at - begin);
          at = running.begin + running.body.taken;
          if (at < upTo) throw new TransientFault("the connection ended early");
          if (at < running.end) break;
          await running.body.finish();
          running = null;
          if (follows) ahead = Math.min(MAX_AHEAD_BYTES, 2 * ahead);
        } catch (error) {
          if (running !== null) at = running.begin + running.body.taken;
          running?.body.close();
          running = null;
          if (at - failedAt >= PROGRESS_BYTES) attempts.succeed();
          failedAt = at;
          await attempts.fail(error);
        }
      }
      if (running !== null) {
        take()?.body.close();
        idle = running;
      }
      return bytes;
    },
    async check() {
      // An empty range cannot be asked for.
      if (size === 0) return;
      const attempts = new Attempts(options, (fault, count) => gaveUp(path, fault, count), signal);
      for (;;) {
        try {
          await (await request(size - 1, size)).body.finish();
          return;
        } catch (error) {
          await attempts.fail(error);
        }
      }
    },
    async close() {
      take()?.body.close();
    },
  };
}

/**
 * The whole of an object that a server does not give in ranges, from its beginning, piece by piece. A fault begins it anew.
 *
 * @param sink whose `begin` is called before the first piece of each attempt.
 * @returns the URL that gave it, after redirects.
 */
export async function readWhole(
  ask: AskRemote,
  path: string,
  sink: { begin(): Promise<void>; write(piece: Uint8Array): Promise<void> },
  { signal, ...options }: OpenRemoteOptions = {},
): Promise<{ readonly url: string }> {
  const attempts = new Attempts(options, (fault, count) => gaveUp(path, fault, count), signal);
  for (;;) {
    const patience = new Patience(options, signal);
    try {
      const { response, url } = await patience.wait(() => ask({}, patience.signal));
      if (response.status !== 200) throw faultOfStatus(response.status, response.headers, path);
      const coding = codingFault(response.headers, path);
      if (coding !== null) throw coding;
      await sink.begin();
      for await (const piece of new RemoteBody(response, patience).pieces()) await sink.write(piece);
      return { url };
    } catch (error) {
      await attempts.fail(error);
    } finally {
      patience.end();
    }
  }
}

function gaveUp(path: string, fault: TransientFault, attempts: number): Error {
  return cannotRead(path, `${fault.message} (tried ${attempts} times)`, fault);
}
