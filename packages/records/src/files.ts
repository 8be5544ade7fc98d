/**
 * The reader of format `files`: a file is one record, the folder it is in and the digest of its bytes
 * (`docs/spec/leaf-encoding.md`, "`assay-record/v1` of `files` and `tar`"). Its contents are not looked at.
 */

import { fromHex } from "@assay/merkle";
import type { Column } from "./batch.js";
import { indexBytes } from "./other.js";
import type { FormatReader } from "./reader.js";

/** Reads `files`: pictures, sound and whatever else is one record a file. */
export const filesReader: FormatReader = {
  formats: ["files"],
  async index(source, options = {}) {
    const { bytes, size } = await indexBytes(source, "files", options);
    return {
      format: "files",
      bytes,
      size,
      records: 1,
      columns: [
        { name: "file", type: "bytes" },
        { name: "folder", type: "text" },
      ],
      // The bytes are in the digest already: reading needs none of them.
      parts: [{ begin: 0, end: 1, windows: [], detail: { bytes } }],
    };
  },
  async *read({ path }, _index, part, { columns }) {
    const digest = fromHex((part.detail as { bytes: string }).bytes);
    const folder = new TextEncoder().encode(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    const all: Column[] = [
      { name: "file", type: "bytes", length: 1, validity: null, offsets: Int32Array.of(0, 32), data: digest },
      {
        name: "folder",
        type: "text",
        length: 1,
        validity: null,
        offsets: Int32Array.of(0, folder.length),
        data: folder,
      },
    ];
    const chosen = columns === undefined ? all : all.filter(({ name }) => columns.includes(name));
    yield { begin: 0, batch: { length: 1, columns: chosen } };
  },
};
