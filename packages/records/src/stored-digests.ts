/**
 * SHA-256 of a file and of each of its windows in one go, while the place of the next cut is not known yet: bytes are
 * hashed when it is clear which window they belong to. The first window begins where the file does, so it has the hash of
 * the file up to there: a file of one window is hashed once, and so is any where windows need no digest.
 */

import { createSha256, type Sha256Hasher, toHex } from "@assay/merkle";
import type { Window } from "./reader.js";

export class StoredDigests {
  readonly #file = createSha256();
  readonly #needsWindows: () => boolean;
  /** None for the first window, and for those that need no digest. */
  #window: Sha256Hasher | null = null;
  #windowBegin = 0;
  /** Everything before this offset is in the hashes. */
  #settled = 0;
  #waiting: Uint8Array[] = [];

  /** @param needsWindows Asked at each cut: whether the window that begins there needs a digest. Default yes. */
  constructor(needsWindows: () => boolean = () => true) {
    this.#needsWindows = needsWindows;
  }

  /** Takes the next bytes of the file, all of which belong to the window that is open. */
  take(bytes: Uint8Array): void {
    this.#file.update(bytes);
    this.#window?.update(bytes);
    this.#settled += bytes.length;
  }

  /** Takes bytes that must wait, for {@link settle}. They must stay as they are. */
  push(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#waiting.push(bytes);
  }

  /** Says that the next cut comes not before `offset`: the bytes before it need not wait any more. */
  settle(offset: number): void {
    while (this.#settled < offset) {
      const bytes = this.#waiting[0] as Uint8Array;
      const length = Math.min(bytes.length, offset - this.#settled);
      this.take(length === bytes.length ? bytes : bytes.subarray(0, length));
      if (length === bytes.length) this.#waiting.shift();
      else this.#waiting[0] = bytes.subarray(length);
    }
  }

  /** Ends the window at `offset` and begins the next one there. */
  cut(offset: number): Window {
    this.settle(offset);
    const hash = this.#window ?? (this.#windowBegin === 0 ? this.#file.copy() : null);
    const window = { begin: this.#windowBegin, end: offset, sha256: hash === null ? null : toHex(hash.digest()) };
    this.#window = this.#needsWindows() ? createSha256() : null;
    this.#windowBegin = offset;
    return window;
  }

  /** The digest of the whole file, lower-case hex: when all of it is in windows that have ended. */
  digest(): string {
    return toHex(this.#file.digest());
  }
}
