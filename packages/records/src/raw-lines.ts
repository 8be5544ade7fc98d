/** The bytes of lines as they stand, for `raw/v1`. */

export class RawLines {
  #offsets: number[] = [0];
  #data = new Uint8Array(65_536);
  #length = 0;

  append(bytes: Uint8Array, begin: number, end: number): void {
    const needed = this.#length + end - begin;
    if (needed > this.#data.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#data.length));
      larger.set(this.#data.subarray(0, this.#length));
      this.#data = larger;
    }
    this.#data.set(bytes.subarray(begin, end), this.#length);
    this.#length = needed;
    this.#offsets.push(needed);
  }

  /** The lines so far; the next ones start afresh. */
  finish(): { offsets: Float64Array; data: Uint8Array } {
    const lines = { offsets: Float64Array.from(this.#offsets), data: this.#data.slice(0, this.#length) };
    this.#offsets = [0];
    this.#length = 0;
    return lines;
  }
}
