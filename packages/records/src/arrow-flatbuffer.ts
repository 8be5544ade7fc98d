/**
 * FlatBuffers tables, as far as Arrow's metadata needs them. Every offset is checked against the buffer, which the
 * generated readers do not do: they turn a damaged file into zeros.
 */

/** A table in a buffer. Fields are numbered as in the schema, from 0. */
export class FlatTable {
  readonly #view: DataView;
  readonly #at: number;
  readonly #slots: number;
  readonly #slotCount: number;

  private constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
    const slots = at - view.getInt32(at, true);
    const bytes = view.getUint16(slots, true);
    if (bytes < 4 || slots + bytes > view.byteLength) throw new Error("metadata has a table without fields");
    this.#slots = slots + 4;
    this.#slotCount = (bytes - 4) >> 1;
  }

  /** The root table of a buffer. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true));
  }

  int8(field: number, otherwise = 0): number {
    const at = this.#place(field);
    return at === 0 ? otherwise : this.#view.getInt8(at);
  }

  int16(field: number, otherwise = 0): number {
    const at = this.#place(field);
    return at === 0 ? otherwise : this.#view.getInt16(at, true);
  }

  int32(field: number, otherwise = 0): number {
    const at = this.#place(field);
    return at === 0 ? otherwise : this.#view.getInt32(at, true);
  }

  /** A 64-bit integer that must be a count, length or offset: 0 to 2⁵³ − 1. */
  count(field: number): number {
    const at = this.#place(field);
    return at === 0 ? 0 : countAt(this.#view, at);
  }

  /** Writes a count over the one that is there. A field that was left out, being 0, can only stay 0. */
  setCount(field: number, value: number): void {
    const at = this.#place(field);
    if (at !== 0) this.#view.setBigInt64(at, BigInt(value), true);
    else if (value !== 0) throw new Error(`metadata has no place for the count ${value}`);
  }

  /** A 64-bit integer as it is. */
  int64(field: number): bigint {
    const at = this.#place(field);
    return at === 0 ? 0n : this.#view.getBigInt64(at, true);
  }

  flag(field: number): boolean {
    return this.int8(field) !== 0;
  }

  table(field: number): FlatTable | null {
    const at = this.#place(field);
    return at === 0 ? null : new FlatTable(this.#view, this.#follow(at));
  }

  /** The bytes of a string. */
  text(field: number): Uint8Array | null {
    const at = this.#place(field);
    if (at === 0) return null;
    const { begin, count } = this.#vector(at, 1);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + begin, count);
  }

  tables(field: number): FlatTable[] {
    const at = this.#place(field);
    if (at === 0) return [];
    const { begin, count } = this.#vector(at, 4);
    return Array.from({ length: count }, (_, index) => new FlatTable(this.#view, this.#follow(begin + 4 * index)));
  }

  /** A vector of structs of `size` bytes, each given as a view. */
  structs(field: number, size: number): DataView[] {
    const at = this.#place(field);
    if (at === 0) return [];
    const { begin, count } = this.#vector(at, size);
    const { buffer, byteOffset } = this.#view;
    return Array.from({ length: count }, (_, index) => new DataView(buffer, byteOffset + begin + size * index, size));
  }

  #place(field: number): number {
    if (field >= this.#slotCount) return 0;
    const offset = this.#view.getUint16(this.#slots + 2 * field, true);
    return offset === 0 ? 0 : this.#at + offset;
  }

  #follow(at: number): number {
    const offset = this.#view.getUint32(at, true);
    // Offsets lead forward, so that no chain of tables can be a circle.
    if (offset === 0) throw new Error("metadata refers to itself");
    return at + offset;
  }

  #vector(at: number, size: number): { begin: number; count: number } {
    const begin = this.#follow(at);
    const count = this.#view.getUint32(begin, true);
    if (count * size > this.#view.byteLength - begin - 4)
      throw new Error(`metadata says that ${count} items follow, which do not fit`);
    return { begin: begin + 4, count };
  }
}

/** A 64-bit count, length or offset. */
export function countAt(view: DataView, at: number): number {
  const value = view.getBigInt64(at, true);
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Error(`metadata has the length or offset ${value}`);
  return Number(value);
}
