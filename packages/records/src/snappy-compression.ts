/**
 * Snappy (github.com/google/snappy, `format_description.txt`): what most Parquet files are compressed with. Greedy, one
 * look back for each place; the same bytes on every machine, as those of `CompressionStream` are not.
 */

/** Matches reach back inside a block only, so that their distance has 16 bits. */
const BLOCK_BYTES = 65_536;
const TABLE_BITS = 14;
const SHORTEST_MATCH = 4;
/** Longest copy, and from which length on one must leave enough for another. */
const LONGEST_COPY = 64;

/** Compresses bytes. */
export function compressSnappy(input: Uint8Array): Uint8Array {
  const output = new SnappyOutput(input);
  const table = new Uint16Array(1 << TABLE_BITS);
  for (let begin = 0; begin < input.length; begin += BLOCK_BYTES) {
    compressBlock(input, begin, Math.min(input.length, begin + BLOCK_BYTES), table, output);
  }
  return output.result();
}

function compressBlock(input: Uint8Array, begin: number, end: number, table: Uint16Array, output: SnappyOutput): void {
  table.fill(0);
  let literal = begin;
  // Where nothing matches, steps grow: one more byte for every 32 looks in vain.
  let looks = 32;
  for (let at = begin + 1; at + SHORTEST_MATCH <= end; ) {
    const word = wordAt(input, at);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - TABLE_BITS);
    const candidate = begin + (table[slot] as number);
    table[slot] = at - begin;
    if (wordAt(input, candidate) !== word) {
      at += looks++ >> 5;
      continue;
    }
    let length = SHORTEST_MATCH;
    while (at + length < end && input[candidate + length] === input[at + length]) length++;
    output.literal(literal, at);
    output.copy(at - candidate, length);
    at += length;
    literal = at;
    looks = 32;
  }
  output.literal(literal, end);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

class SnappyOutput {
  readonly #input: Uint8Array;
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
    // A copy is never longer than what it stands for, a literal by three bytes at most, one for each copy and block.
    this.#bytes = new Uint8Array(32 + input.length + Math.ceil(input.length / 6));
    let rest = input.length;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#put((rest % 128) + 128);
    this.#put(rest);
  }

  literal(begin: number, end: number): void {
    if (begin === end) return;
    const length = end - begin - 1;
    if (length < 60) this.#put(length << 2);
    else if (length < 256) this.#put(60 << 2, length);
    else this.#put(61 << 2, length & 0xff, length >> 8);
    this.#bytes.set(this.#input.subarray(begin, end), this.#length);
    this.#length += end - begin;
  }

  copy(distance: number, length: number): void {
    let rest = length;
    while (rest >= LONGEST_COPY + SHORTEST_MATCH) {
      this.#farCopy(distance, LONGEST_COPY);
      rest -= LONGEST_COPY;
    }
    if (rest > LONGEST_COPY) {
      this.#farCopy(distance, LONGEST_COPY - SHORTEST_MATCH);
      rest -= LONGEST_COPY - SHORTEST_MATCH;
    }
    if (rest < 12 && distance < 2048) this.#put(((distance >> 8) << 5) | ((rest - 4) << 2) | 1, distance & 0xff);
    else this.#farCopy(distance, rest);
  }

  result(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #farCopy(distance: number, length: number): void {
    this.#put(((length - 1) << 2) | 2, distance & 0xff, distance >> 8);
  }

  #put(...bytes: readonly number[]): void {
    for (const byte of bytes) this.#bytes[this.#length++] = byte;
  }
}
