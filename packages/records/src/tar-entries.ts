/**
 * The entries of a tar archive (POSIX ustar and pax, IEEE Std 1003.1 §pax; GNU long names and base-256 numbers), in one pass
 * from front to back. Whatever readers of tar disagree on is refused: sparse files, several volumes, sizes for all members.
 */

import { FormatError } from "@assay/merkle";
import { decodeUtf8 } from "./utf8.js";

const BLOCK = 512;
/** Longest list of pax records, and longest GNU name, bytes. Paths are shorter than this by far. */
const MAX_EXTENSION_BYTES = 65_536;

/** Gives the bytes of a file one after another. */
export interface ForwardBytes {
  /** Offset of the next byte. */
  readonly offset: number;
  /** The next `count` bytes; fewer where the file ends. */
  take(count: number): Promise<Uint8Array>;
}

/** A regular file in an archive, whose content comes next; or a link, which has none. */
export interface TarMember {
  /** As it stands there, UTF-8. */
  readonly path: string;
  /** Offset of the first header that belongs to it. */
  readonly begin: number;
  /** Bytes of its content. */
  readonly size: number;
  /** Of a link: what it names, and whether that is seen from the top of the archive (a hard link) or from the folder that it is in. */
  readonly link?: { readonly target: string; readonly fromTop: boolean };
}

/** The refusal of an archive. */
export function badTar(path: string, offset: number, reason: string): FormatError {
  return new FormatError("bad-tar", `${path}, byte ${offset}: ${reason}`, { details: { path, offset } });
}

/** What headers in front of one say of it. */
interface Extension {
  begin: number;
  path: Uint8Array | null;
  target: Uint8Array | null;
  size: number | null;
}

/**
 * Walks over the regular files and links of an archive. The caller takes the `size` bytes of each before it asks for the next.
 *
 * @param archive Path of the archive, for messages.
 * @throws FormatError `bad-tar`, `invalid-utf8`.
 */
export async function* readTarMembers(bytes: ForwardBytes, archive: string): AsyncGenerator<TarMember> {
  let extension: Extension | null = null;
  for (;;) {
    const at = bytes.offset;
    const header = await bytes.take(BLOCK);
    if (header.length === 0 || isZero(header)) {
      if (extension !== null) throw badTar(archive, at, "a header belongs to a member that does not follow");
      if (header.length === 0 || (await endsHere(bytes, archive))) return;
    }
    if (header.length < BLOCK) throw badTar(archive, at, "it is cut off in a header");
    checkSum(header, archive, at);
    const type = String.fromCharCode(header[156] as number);
    const size = numberAt(header, 124, 12, archive, at);
    if (type === "x" || type === "g" || type === "L" || type === "K") {
      if (size > MAX_EXTENSION_BYTES)
        throw badTar(archive, at, `an extended header has ${size} bytes; at most ${MAX_EXTENSION_BYTES} are read`);
      const content = await bytes.take(size);
      await takePadding(bytes, size, content.length, archive);
      if (type === "L" || type === "K") {
        extension ??= { begin: at, path: null, target: null, size: null };
        extension[type === "L" ? "path" : "target"] = untilZero(content);
      } else extension = withRecords(type, extension, content, archive, at);
      continue;
    }
    const { path, target, size: stated, begin } = extension ?? { path: null, target: null, size: null, begin: at };
    extension = null;
    if (type === "S") throw badTar(archive, at, "it holds a sparse file. Pack it again without --sparse");
    if (type === "M" || type === "N" || type === "D")
      throw badTar(archive, at, `it holds an entry of type ${type}, of several volumes or incremental backups`);
    // Folders, links and devices have no content; what their size says is about something else.
    if (type === "1" || type === "2") {
      const link = {
        target: decodePath(target ?? untilZero(header.subarray(157, 257)), archive),
        fromTop: type === "1",
      };
      yield { path: decodePath(path ?? nameOf(header), archive), begin, size: 0, link };
      continue;
    }
    if (/[3-6V]/.test(type)) continue;
    if (!/[\0 07]/.test(type)) throw badTar(archive, at, `it holds an entry of unknown type ${JSON.stringify(type)}`);
    const name = decodePath(path ?? nameOf(header), archive);
    // What tar wrote before there were types.
    if (type !== "7" && name.endsWith("/")) continue;
    const member = { path: name, begin, size: stated ?? size };
    const contentAt = bytes.offset;
    yield member;
    await takePadding(bytes, member.size, bytes.offset - contentAt, archive);
  }
}

/** Behind one block of zeros: whether a second one, or the end of the file, says that this is the end. */
async function endsHere(bytes: ForwardBytes, archive: string): Promise<true> {
  const at = bytes.offset;
  const second = await bytes.take(BLOCK);
  if (second.length === 0 || (second.length === BLOCK && isZero(second))) return true;
  throw badTar(archive, at, "one block of zeros stands alone, which some readers take for the end and others do not");
}

async function takePadding(bytes: ForwardBytes, size: number, taken: number, archive: string): Promise<void> {
  const padding = (BLOCK - (size % BLOCK)) % BLOCK;
  const found = taken < size ? 0 : (await bytes.take(padding)).length;
  if (taken < size || found < padding) throw badTar(archive, bytes.offset, "it is cut off in a member");
}

function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** Of the header with its own field as spaces; old writers added signed bytes. */
function checkSum(header: Uint8Array, archive: string, at: number): void {
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : (header[i] as number);
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  const stated = numberAt(header, 148, 8, archive, at);
  if (stated !== unsigned && stated !== signed)
    throw badTar(archive, at, "a header has a wrong checksum: the archive is damaged, or is none");
}

/** Octal digits, or base 256 where the first bit is set (GNU). */
function numberAt(header: Uint8Array, begin: number, length: number, archive: string, at: number): number {
  let value = 0;
  if ((header[begin] as number) >= 0x80) {
    for (let i = 0; i < length; i++)
      value = value * 256 + (i === 0 ? (header[begin] as number) & 0x7f : (header[begin + i] as number));
  } else {
    const text = String.fromCharCode(...header.subarray(begin, begin + length));
    const digits = /^ *([0-7]*)[\0 ]*$/.exec(text.replace(/\0.*$/s, "\0"))?.[1];
    if (digits === undefined) throw badTar(archive, at, "a header has no number where one belongs");
    value = Number.parseInt(digits || "0", 8);
  }
  if (!Number.isSafeInteger(value)) throw badTar(archive, at, "a header has a number that is too large");
  return value;
}

function untilZero(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function nameOf(header: Uint8Array): Uint8Array {
  const name = untilZero(header.subarray(0, 100));
  // GNU's own form has other things where POSIX has the folder.
  const isPosix = decoder.decode(header.subarray(257, 263)) === "ustar\0";
  const prefix = isPosix ? untilZero(header.subarray(345, 500)) : new Uint8Array(0);
  if (prefix.length === 0) return name;
  const path = new Uint8Array(prefix.length + 1 + name.length);
  path.set(prefix);
  path[prefix.length] = 0x2f;
  path.set(name, prefix.length + 1);
  return path;
}

const decoder = new TextDecoder("latin1");

function decodePath(bytes: Uint8Array, archive: string): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    const shown = new TextDecoder().decode(bytes.subarray(0, 200));
    throw new FormatError(
      "invalid-utf8",
      `${archive}: the name ${JSON.stringify(shown)} in it is not UTF-8. Pack it again`,
      {
        details: { path: archive, member: shown },
        cause,
      },
    );
  }
}

/** Pax records: `LENGTH KEY=VALUE` and a line feed each, the length being that of all of it. */
function withRecords(
  type: "x" | "g",
  before: Extension | null,
  content: Uint8Array,
  archive: string,
  at: number,
): Extension | null {
  const found: Extension = { ...(before ?? { begin: at, path: null, target: null, size: null }) };
  for (let begin = 0; begin < content.length; ) {
    const space = content.indexOf(0x20, begin);
    const digits = space < 0 ? "" : decoder.decode(content.subarray(begin, space));
    const end = begin + Number(digits);
    const equals = content.indexOf(0x3d, space);
    if (
      !/^[1-9][0-9]{0,5}$/.test(digits) ||
      end > content.length ||
      equals < 0 ||
      equals >= end ||
      content[end - 1] !== 0x0a
    )
      throw badTar(archive, at, "an extended header is not a list of pax records");
    const key = decoder.decode(content.subarray(space + 1, equals));
    const value = content.subarray(equals + 1, end - 1);
    if (key.startsWith("GNU.sparse."))
      throw badTar(archive, at, "it holds a sparse file. Pack it again without --sparse");
    if (type === "g" && (key === "path" || key === "size"))
      throw badTar(archive, at, `an extended header says one ${key} for all members`);
    if (key === "path") found.path = value.slice();
    if (key === "linkpath") found.target = value.slice();
    if (key === "size") found.size = paxSize(decoder.decode(value), archive, at);
    begin = end;
  }
  return type === "g" ? before : found;
}

function paxSize(text: string, archive: string, at: number): number {
  const size = Number(text);
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text) || !Number.isSafeInteger(size))
    throw badTar(archive, at, "an extended header has a size that is none");
  return size;
}
