/**
 * A compressed member of a `.npz` archive (`numpy.savez_compressed`) as a file of random access. What is deflated cannot be entered
 * in the middle: reading goes forward, and each thread goes on where it stopped, so that a pass over the file inflates it once. The
 * stream is read as gzip, whose tail has what the archive says of the member: its checksum and its length, which are checked so.
 */

import { FormatError, isAssayError } from "@assay/merkle";
import { limitsOf } from "./limits.js";
import { badMatrix } from "./matrix-refusals.js";
import { type Cursor, FREE_BYTES, openCursor } from "./plain-source.js";
import { sourceChanged } from "./range-stream.js";
import type { ByteSource, Limits } from "./reader.js";

/** Where a deflated member is, and what the archive says of it. Plain data. */
export interface PackedMember {
  /** Its deflated bytes: [begin, end) of the archive. */
  readonly begin: number;
  readonly end: number;
  /** Bytes that they stand for, and their CRC-32. */
  readonly size: number;
  readonly crc: number;
}

const GZIP_HEAD = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

/** Refuses a member that stands for too much, before it is inflated. Throws FormatError `limit-exceeded`. */
export function checkInflation(path: string, { begin, end, size }: PackedMember, { maxInflation }: Limits): void {
  if (size <= FREE_BYTES || size <= (end - begin) * maxInflation) return;
  throw new FormatError(
    "limit-exceeded",
    `${path}: ${end - begin} bytes of an array stand for ${size}, above maxInflation (${maxInflation} bytes for one). If it is no bomb, raise maxInflation or write it with numpy.savez`,
    { details: { path, limit: "maxInflation", value: maxInflation } },
  );
}

/** The place where a thread stopped in a member. */
export interface MemberPlace {
  cursor: Cursor | null;
}

/**
 * What a member stands for.
 *
 * @param place Where the last reading stopped; it is moved.
 * @param isFirst Whether nobody has read it before: then what is wrong is its own, and not a change.
 */
export function openMember(
  source: ByteSource,
  member: PackedMember,
  place: MemberPlace,
  isFirst: boolean,
  options: { readonly limits?: Partial<Limits> } = {},
): ByteSource {
  const stored = asGzip(source, member);
  const { path } = source;
  return {
    path,
    size: member.size,
    async read(begin, end) {
      const bytes = new Uint8Array(end - begin);
      try {
        if (place.cursor === null || place.cursor.plain > begin)
          place.cursor = await openCursor(path, "gzip", { stored: 0, plain: 0 }, limitsOf(options));
        if (!(await place.cursor.fill(bytes, begin, stored)))
          throw badMatrix(path, "a compressed array is shorter than the archive says");
      } catch (error) {
        place.cursor = null;
        if (isFirst || !isAssayError(error) || error.name !== "FormatError") throw error;
        throw sourceChanged(path, "a compressed array cannot be read any more");
      }
      return bytes;
    },
    async close() {
      // Its checksum and its length stand behind its last byte.
      const { cursor } = place;
      if (cursor === null || cursor.plain !== member.size) return;
      const piece = await cursor.next(stored);
      place.cursor = null;
      if (piece !== null) throw badMatrix(path, "a compressed array is longer than the archive says");
    },
  };
}

/** The deflated bytes between the head and the tail of gzip. */
function asGzip(source: ByteSource, { begin, end, size, crc }: PackedMember): ByteSource {
  const tail = new Uint8Array(8);
  const view = new DataView(tail.buffer);
  view.setUint32(0, crc, true);
  view.setUint32(4, size, true);
  const tailBegin = GZIP_HEAD.length + end - begin;
  return {
    path: source.path,
    size: tailBegin + tail.length,
    async read(from, to) {
      const deflatedFrom = Math.min(Math.max(from, GZIP_HEAD.length), tailBegin);
      const deflatedTo = Math.max(deflatedFrom, Math.min(to, tailBegin));
      const shift = begin - GZIP_HEAD.length;
      const deflated =
        deflatedFrom === deflatedTo ? new Uint8Array(0) : await source.read(deflatedFrom + shift, deflatedTo + shift);
      const bytes = new Uint8Array(to - from);
      if (from < GZIP_HEAD.length) bytes.set(GZIP_HEAD.subarray(from, to));
      if (deflated.length > 0) bytes.set(deflated, deflatedFrom - from);
      if (to > tailBegin)
        bytes.set(tail.subarray(Math.max(0, from - tailBegin), to - tailBegin), Math.max(tailBegin - from, 0));
      return bytes;
    },
  };
}
