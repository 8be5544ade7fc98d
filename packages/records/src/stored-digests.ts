/**
 * SHA-256 of a file and of each of its windows in one go, while the place of the next cut is not known yet: bytes wait
 * until it is clear which window they belong to.
 */

import { createSha256, toHex } from "@assay/merkle";
import type { Window } from "./reader.js";

export class StoredDigests {
  readonly #file = createSha256();
  #window = createSha256();
  #windowBegin = 0;
  /** Everything before this offset is in the hash of the window. */
  #settled = 0;
  #waiting: Uint8Array[] = [];

  /** Takes the next bytes of the file. */
  push(bytes: Uint8Array): void {
    this.#file.update(bytes);
    if (bytes.length > 0) this.#waiting.push(bytes);
  }

  /** Says that the next cut comes not before `offset`: the bytes before it need not be kept. */
  settle(offset: number): void {
    while (this.#settled < offset) {
      const bytes = this.#waiting[0] as Uint8Array;
      const length = Math.min(bytes.length, offset - this.#settled);
      this.#window.update(length === bytes.length ? bytes : bytes.subarray(0, length));
      if (length === bytes.length) this.#waiting.shift();
      else this.#waiting[0] = bytes.subarray(length);
      this.#settled += length;
    }
  }

  /** Ends the window at `offset` and begins the next one there. */
  cut(offset: number): Window {
    this.settle(offset);
    const window = { begin: this.#windowBegin, end: offset, sha256: toHex(this.#window.digest()) };
    this.#window = createSha256();
    this.#windowBegin = offset;
    return window;
  }

  /** The digest of the whole file, lower-case hex. */
  digest(): string {
    return toHex(this.#file.digest());
  }
}
