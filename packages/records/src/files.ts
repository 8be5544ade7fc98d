/**
 * The reader of format `files`: a file is one record, the folder it is in and the digest of its bytes
 * (`docs/spec/leaf-encoding.md`, "`assay-record/v1` of `files` and `tar`"). Its contents are not looked at, unless somebody asks.
 */

import { fromHex } from "@assay/merkle";
import type { Column } from "./batch.js";
import { bytesColumn, textColumn } from "./digest-columns.js";
import { readContent } from "./member-content.js";
import { indexBytes } from "./other.js";
import type { FormatReader } from "./reader.js";
import { folderOfFile, wholeFileIndex } from "./whole-file.js";

/** Reads `files`: pictures, sound and whatever else is one record a file. */
export const filesReader: FormatReader = {
  formats: ["files"],
  async index(source, options = {}) {
    const { bytes, size } = await indexBytes(source, "files", options);
    return wholeFileIndex("files", bytes, size);
  },
  async *read(source, index, _part, options) {
    const { columns } = options;
    const sha256 = index.bytes;
    const isWanted = (name: string): boolean => columns === undefined || columns.includes(name);
    const chosen: Column[] = [];
    if (isWanted("file")) {
      const content = { offset: 0, size: source.size, sha256 };
      const value = options.contents === "all" ? await readContent(source, content, options) : fromHex(sha256);
      chosen.push(bytesColumn("file", [value]));
    }
    if (isWanted("folder")) chosen.push(textColumn("folder", [folderOfFile(source.path)]));
    yield { begin: 0, batch: { length: 1, columns: chosen } };
  },
};
