/** The body of an answer, taken piece by piece: no faster than it is wanted, never more than was asked for, and not for ever. */

import { causeWords, type RemoteOptions, TransientFault } from "./http-request.js";

/** Less than this in {@link RemoteOptions.stallMs} is a stall, so that a byte now and then does not keep a reader waiting. */
const MIN_PROGRESS_BYTES = 16_384;
/** Milliseconds that the end of a body may take after its last byte, which nobody needs. */
const END_MS = 1000;
/** Longest time that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Longest pause between two attempts, milliseconds. */
const MAX_PAUSE_MS = 10_000;

/** Runs a request that can be ended from both sides: by the caller's signal, and when nothing comes. */
export class Patience {
  readonly #controller = new AbortController();
  readonly #stallMs: number;
  readonly #outer: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#controller.abort(this.#outer?.reason);

  constructor({ stallMs = 30_000 }: RemoteOptions, signal: AbortSignal | undefined) {
    if (!(stallMs > 0)) throw new RangeError(`stallMs must be a number of milliseconds above 0, not ${stallMs}`);
    this.#stallMs = Math.min(stallMs, MAX_TIMER_MS);
    this.#outer = signal;
    signal?.throwIfAborted();
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** For the request. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Waits for something of the request, no longer than is allowed. */
  async wait<T>(work: () => Promise<T>, ms = this.#stallMs): Promise<T> {
    const stalled = new TransientFault(`the server has sent next to nothing for ${ms / 1000} seconds`);
    const timer = setTimeout(() => this.#controller.abort(stalled), ms);
    try {
      return await work();
    } catch (error) {
      throw this.signal.aborted ? this.signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the request if it still runs. */
  end(): void {
    this.#outer?.removeEventListener("abort", this.#onAbort);
    if (!this.signal.aborted) this.#controller.abort(new TransientFault("the request was ended"));
  }
}

/** Bytes of a body in order. */
export class RemoteBody {
  /** Bytes that were given out, also by a `fill` that failed in the middle. */
  taken = 0;

  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #patience: Patience;
  #rest = new Uint8Array(0);
  #ended = false;

  constructor({ body }: Response, patience: Patience) {
    this.#reader = body?.getReader();
    this.#patience = patience;
  }

  /** Fills `target` from `begin`: to its end, or until the body is over. */
  async fill(target: Uint8Array, begin = 0): Promise<void> {
    let at = begin;
    while (at < target.length && !this.#ended) {
      const enough = Math.min(target.length, at + MIN_PROGRESS_BYTES);
      await this.#patience.wait(async () => {
        while (at < enough && !this.#ended) {
          if (this.#rest.length === 0) await this.#pull();
          const piece = this.#rest.subarray(0, target.length - at);
          target.set(piece, at);
          this.#rest = this.#rest.subarray(piece.length);
          at += piece.length;
          this.taken += piece.length;
        }
      });
    }
  }

  /** Pieces as they come, until the body is over. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    while (!this.#ended) {
      await this.#patience.wait(() => this.#pull());
      yield this.#rest;
      this.#rest = new Uint8Array(0);
    }
  }

  async #pull(): Promise<void> {
    if (this.#reader === undefined) {
      this.#ended = true;
      return;
    }
    let read: ReadableStreamReadResult<Uint8Array>;
    try {
      read = await this.#reader.read();
    } catch (cause) {
      throw new TransientFault(causeWords(cause), { cause });
    }
    if (read.done) this.#ended = true;
    else this.#rest = read.value as Uint8Array<ArrayBuffer>;
  }

  /** After the last byte: sees the end of the body, so that the connection can be used again. */
  async finish(): Promise<void> {
    await this.#patience.wait(() => this.#pull(), END_MS).catch(() => {});
    this.close();
  }

  /** Lets go of the connection, whatever is still on its way. */
  close(): void {
    this.#patience.end();
    this.#reader?.cancel().catch(() => {});
  }
}

/**
 * Counts attempts: after a transient fault it waits a while, longer each time, and throws when it was too often.
 * There is no chance in the pauses.
 */
export class Attempts {
  readonly #attempts: number;
  readonly #giveUp: (fault: TransientFault, attempts: number) => Error;
  readonly #signal: AbortSignal | undefined;
  #failed = 0;

  constructor(
    { attempts = 5 }: RemoteOptions,
    giveUp: (fault: TransientFault, attempts: number) => Error,
    signal?: AbortSignal,
  ) {
    this.#attempts = attempts;
    this.#giveUp = giveUp;
    this.#signal = signal;
  }

  /** There was progress: earlier faults do not count any more. */
  succeed(): void {
    this.#failed = 0;
  }

  /** Throws what is not transient, or was met too often; else waits. */
  async fail(error: unknown): Promise<void> {
    if (!(error instanceof TransientFault)) throw error;
    this.#failed++;
    if (this.#failed >= this.#attempts) throw this.#giveUp(error, this.#failed);
    const pause = Math.max(250 * 2 ** (this.#failed - 1), error.waitMs ?? 0);
    await wait(Math.min(MAX_PAUSE_MS, pause), this.#signal);
  }
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
