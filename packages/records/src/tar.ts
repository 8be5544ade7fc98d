/**
 * The reader of tar archives (entry `@assay/records/tar`), as WebDataset shards are: the members whose paths agree up to the
 * first dot of the last segment are one record, the folder they are in and the digest of each by its extension
 * (`docs/spec/leaf-encoding.md`, "`assay-record/v1` of `files` and `tar`"). Contents are hashed as they pass.
 */

import { createSha256, FormatError, fromHex, toHex } from "@assay/merkle";
import { checkDataPath } from "./data-path.js";
import { bytesColumn, textColumn } from "./digest-columns.js";
import { limitsOf } from "./limits.js";
import { areWanted, readContent, textOfLabel } from "./member-content.js";
import { sourceChanged } from "./range-stream.js";
import {
  BLOCK_RECORDS,
  type ByteSource,
  type FileIndex,
  type FilePart,
  type FormatReader,
  type IndexOptions,
  type PlacedBatch,
  type ReadOptions,
} from "./reader.js";
import { type ForwardBytes, readTarMembers, type TarMember } from "./tar-entries.js";

/** Bytes that are read at once. */
const PIECE_BYTES = 1024 * 1024;
/** A part ends when its members have so many bytes, so that whoever reads contents holds few at a time. */
const PART_BYTES = 64 * 1024 * 1024;

/** A member of a record. */
interface StoredMember {
  readonly extension: string;
  /** Offsets in the archive: of its headers, its content, and behind both. */
  readonly begin: number;
  readonly offset: number;
  readonly size: number;
  /** SHA-256 of its content, lower-case hex. */
  readonly sha256: string;
}
interface StoredSample {
  readonly folder: string;
  readonly members: StoredMember[];
}

/** Reads `tar` files. */
export const tarReader: FormatReader = {
  formats: ["tar"],
  index: indexTar,
  read: readTarPart,
};

async function indexTar(source: ByteSource, options: IndexOptions = {}): Promise<FileIndex> {
  const { maxMembers, maxColumns } = limitsOf(options);
  const bytes = new HashedBytes(source, options);
  const samples = new Map<string, StoredSample>();
  const extensions = new Set<string>();
  let members = 0;
  let links = 0;
  for await (const { path: stored, begin, size, link } of readTarMembers(bytes, source.path)) {
    const path = stored.startsWith("./") ? stored.slice(2) : stored;
    checkMemberPath(path, source.path);
    if (link !== undefined) {
      checkTarget(path, link, source.path);
      links++;
      continue;
    }
    if (++members > maxMembers) refuseLimit(source.path, "maxMembers", maxMembers, "members");
    const { key, folder, extension } = placeOf(path);
    const sample = samples.get(key) ?? { folder, members: [] };
    if (extension === "folder" || sample.members.some((member) => member.extension === extension)) {
      const what =
        extension === "folder"
          ? "has the extension that names the folder"
          : "has an extension that its record has already";
      throw new FormatError("duplicate-key", `${source.path}: the member ${JSON.stringify(path)} ${what}. Rename it`, {
        details: { path: source.path, member: path, extension },
      });
    }
    samples.set(key, sample);
    extensions.add(extension);
    if (extensions.size >= maxColumns) refuseLimit(source.path, "maxColumns", maxColumns, "different extensions");
    const offset = bytes.offset;
    sample.members.push({ extension, begin, offset, size, sha256: await bytes.hash(size) });
  }
  const digest = await bytes.finish();
  const columns = samples.size === 0 ? [] : [{ name: "folder", type: "text" as const }];
  return {
    format: "tar",
    bytes: digest,
    size: source.size,
    records: samples.size,
    columns: [...columns, ...[...extensions].map((name) => ({ name, type: "bytes" as const }))],
    parts: partsOf([...samples.values()]),
    ...(links === 0 ? {} : { links }),
  };
}

/** A link is no member, but one that leads out of the archive is there to be followed by somebody. */
function checkTarget(path: string, { target, fromTop }: NonNullable<TarMember["link"]>, archive: string): void {
  let depth = fromTop ? 0 : path.split("/").length - 1;
  let leaves = /^[/\\]|^[A-Za-z]:/.test(target);
  for (const segment of target.split("/")) {
    if (segment === "..") depth--;
    else if (segment !== "" && segment !== ".") depth++;
    leaves ||= depth < 0;
  }
  if (!leaves) return;
  throw new FormatError(
    "bad-path",
    `${archive}: the link ${JSON.stringify(path)} leads out of the archive, to ${JSON.stringify(target)}. Pack the file itself`,
    { details: { path: archive, member: path.slice(0, 200), target: target.slice(0, 200) } },
  );
}

/** The same paths as those of data sets: an archive is a folder that somebody packed. */
function checkMemberPath(path: string, archive: string): void {
  try {
    checkDataPath(path);
  } catch (cause) {
    throw new FormatError("bad-path", `${archive}: ${(cause as Error).message}`, {
      details: { path: archive, member: path.slice(0, 200) },
      cause,
    });
  }
}

function placeOf(path: string): { key: string; folder: string; extension: string } {
  const slash = path.lastIndexOf("/");
  const dot = path.indexOf(".", slash + 1);
  return {
    key: dot < 0 ? path : path.slice(0, dot),
    folder: path.slice(0, Math.max(0, slash)),
    extension: dot < 0 ? "" : path.slice(dot + 1),
  };
}

function partsOf(samples: readonly StoredSample[]): FilePart[] {
  const parts: FilePart[] = [];
  let begin = 0;
  let size = 0;
  for (let end = 1; end <= samples.length; end++) {
    size += (samples[end - 1] as StoredSample).members.reduce((sum, member) => sum + member.size, 0);
    if (end < samples.length && end - begin < BLOCK_RECORDS && size < PART_BYTES) continue;
    // The digests say it all: reading records needs no bytes.
    parts.push({ begin, end, windows: [], detail: { samples: samples.slice(begin, end) } });
    begin = end;
    size = 0;
  }
  return parts;
}

function refuseLimit(path: string, limit: "maxMembers" | "maxColumns", value: number, what: string): never {
  throw new FormatError(
    "limit-exceeded",
    `${path} has more ${what} than ${limit} (${value}). Raise it, or pack fewer into one archive`,
    {
      details: { path, limit, value },
    },
  );
}

async function* readTarPart(
  source: ByteSource,
  { columns: all }: FileIndex,
  part: FilePart,
  options: ReadOptions,
): AsyncGenerator<PlacedBatch> {
  const { samples } = part.detail as { readonly samples: readonly StoredSample[] };
  const wanted = options.columns === undefined ? null : new Set(options.columns);
  const columns = [];
  for (const { name, type } of all) {
    if (wanted !== null && !wanted.has(name)) continue;
    if (type === "text") {
      columns.push(
        textColumn(
          name,
          samples.map(({ folder }) => folder),
        ),
      );
      continue;
    }
    const members = samples.map(({ members: list }) => list.find(({ extension }) => extension === name) ?? null);
    if (!areWanted(name, options)) {
      columns.push(
        bytesColumn(
          name,
          members.map((member) => (member === null ? null : fromHex(member.sha256))),
        ),
      );
      continue;
    }
    const contents: (Uint8Array | null)[] = [];
    for (const member of members) contents.push(member === null ? null : await readContent(source, member, options));
    columns.push(textOfLabel(name, contents) ?? bytesColumn(name, contents));
  }
  options.signal?.throwIfAborted();
  yield { begin: part.begin, batch: { length: samples.length, columns } };
}

/** A file from front to back, hashed as it passes. */
class HashedBytes implements ForwardBytes {
  offset = 0;

  readonly #source: ByteSource;
  readonly #options: IndexOptions;
  readonly #file = createSha256();
  /** What was read and not taken is `#piece[#at …]`. */
  #piece = new Uint8Array(0) as Uint8Array;
  #at = 0;
  #read = 0;

  constructor(source: ByteSource, options: IndexOptions) {
    this.#source = source;
    this.#options = options;
  }

  async take(count: number): Promise<Uint8Array> {
    const taken = new Uint8Array(count);
    let length = 0;
    for await (const piece of this.#next(count)) {
      taken.set(piece, length);
      length += piece.length;
    }
    return taken.subarray(0, length);
  }

  /** Takes a content and gives its SHA-256. What is missing, whoever takes the padding finds out. */
  async hash(count: number): Promise<string> {
    const hash = createSha256();
    for await (const piece of this.#next(count)) hash.update(piece);
    return toHex(hash.digest());
  }

  /** Reads what is left, and gives the digest of the file. */
  async finish(): Promise<string> {
    for await (const _ of this.#next(Number.POSITIVE_INFINITY));
    return toHex(this.#file.digest());
  }

  async *#next(count: number): AsyncGenerator<Uint8Array> {
    for (let left = count; left > 0; ) {
      if (this.#at === this.#piece.length && !(await this.#fill())) return;
      const piece = this.#piece.subarray(this.#at, this.#at + Math.min(left, this.#piece.length));
      this.#at += piece.length;
      this.offset += piece.length;
      left -= piece.length;
      yield piece;
    }
  }

  async #fill(): Promise<boolean> {
    const { signal, onBytes } = this.#options;
    signal?.throwIfAborted();
    const end = Math.min(this.#source.size, this.#read + PIECE_BYTES);
    if (end === this.#read) return false;
    this.#piece = await this.#source.read(this.#read, end);
    if (this.#piece.length !== end - this.#read) throw sourceChanged(this.#source.path, "it is shorter than it was");
    this.#file.update(this.#piece);
    onBytes?.(this.#piece.length);
    this.#read = end;
    this.#at = 0;
    return true;
  }
}

/** The byte ranges of records, headers and padding included: ascending and apart. */
export function rangesOfSamples(index: FileIndex, ordinals: readonly number[]): number[] {
  const removed = new Set(ordinals);
  const ranges: [number, number][] = [];
  for (const { begin, detail } of index.parts) {
    for (const [i, { members }] of (detail as { samples: readonly StoredSample[] }).samples.entries()) {
      if (!removed.has(begin + i)) continue;
      for (const member of members) ranges.push([member.begin, member.offset + Math.ceil(member.size / 512) * 512]);
    }
  }
  return ranges.sort(([a], [b]) => a - b).flat();
}
