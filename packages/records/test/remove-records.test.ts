/** Leaves of a child are those of its parent without the removed ones, in order, whatever the format. */

import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sourceOfBytes } from "../src/memory-source.js";
import type { Dialect, Format } from "../src/reader.js";
import { type RemoveOptions, removeRecords } from "../src/remove-records.js";
import { scanSource } from "../src/scan-source.js";
import type { DeclaredSchema, ScannedSource } from "../src/source.js";
import { fixtureBytes, fixtures } from "./fixture-records.js";
import { codeOf, type InMemory, leavesOf, scanned, utf8 } from "./scan-and-hash.js";

async function childBytes(parent: ScannedSource, ordinals: readonly number[], options: RemoveOptions = {}, file = 0) {
  const pieces: Uint8Array[] = [];
  for await (const piece of removeRecords(parent, file, ordinals, options) ?? []) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

/** The child, read with the parent's reading. */
async function childOf(parent: ScannedSource, bytes: Uint8Array): Promise<ScannedSource> {
  const file = parent.files[0]?.file as { path: string; format: Format };
  const source = await sourceOfBytes("child", [{ path: file.path, bytes, format: file.format }]);
  return scanSource(source, { reading: parent.reading, leafFormat: parent.leafFormat });
}

/** Removes records and compares leaves; gives the bytes of the child. */
async function checkRemoval(
  parent: ScannedSource,
  ordinals: readonly number[],
  options: RemoveOptions = {},
): Promise<Uint8Array> {
  const bytes = await childBytes(parent, ordinals, options);
  const child = await childOf(parent, bytes);
  const removed = new Set(ordinals);
  const [expected = []] = await leavesOf(parent);
  const [actual] = await leavesOf(child);
  expect(actual).toEqual(expected.filter((_, ordinal) => !removed.has(ordinal)));
  expect(child.files[0]?.index.records).toBe(parent.records - ordinals.length);
  return bytes;
}

function removals(records: number): { readonly name: string; readonly ordinals: readonly number[] }[] {
  const all = Array.from({ length: records }, (_, ordinal) => ordinal);
  return [
    { name: "the first", ordinals: all.slice(0, 1) },
    { name: "the last", ordinals: all.slice(-1) },
    { name: "all", ordinals: all },
    { name: "all but one in the middle", ordinals: all.filter((ordinal) => ordinal !== records >> 1) },
    { name: "every second", ordinals: all.filter((ordinal) => ordinal % 2 === 1) },
    { name: "a run", ordinals: all.slice(records >> 2, (records >> 2) + 26) },
  ];
}

describe("removeRecords() keeps every other leaf of files that pyarrow, pandas and DuckDB wrote", () => {
  for (const folder of ["simple", "flat", "nested", "exotic-parquet", "exotic-arrow", "forms"]) {
    const names = readdirSync(new URL(`${folder}/`, fixtures));
    const schema = names.includes("schema.json")
      ? (JSON.parse(readFileSync(new URL(`${folder}/schema.json`, fixtures), "utf8")) as DeclaredSchema)
      : {};
    for (const name of names.filter((candidate) => /\.(parquet|arrows?|csv|jsonl)$/.test(candidate))) {
      it(`${folder}/${name}`, async () => {
        const source = await sourceOfBytes("fixture", [{ path: name, bytes: fixtureBytes(`${folder}/${name}`) }], {
          schema: /\.(csv|jsonl)$/.test(name) ? schema : {},
        });
        const parent = await scanSource(source);
        for (const { ordinals } of removals(parent.records)) {
          const child = await childOf(parent, await checkRemoval(parent, ordinals));
          expect(child.files[0]?.index.columns).toEqual(parent.files[0]?.index.columns);
        }
        expect(await childBytes(parent, [])).toEqual(fixtureBytes(`${folder}/${name}`));
      });
    }
  }

  const arrays = new URL("../arrays/", fixtures);
  it.each(readdirSync(arrays).filter((name) => /\.(npy|npz|safetensors)$/.test(name)))("%s", async (name) => {
    const bytes = new Uint8Array(readFileSync(new URL(name, arrays)));
    const parent = await scanned([{ path: name, bytes }]);
    for (const { ordinals } of removals(parent.records)) await checkRemoval(parent, ordinals);
    expect(await childBytes(parent, [])).toEqual(bytes);
  });

  it("arrays in several parts, row by row and column by column", async () => {
    const values = Float32Array.from({ length: 140_000 }, (_, i) => i / 2);
    for (const fortran of ["False", "True"]) {
      const literal = `{'descr': '<f4', 'fortran_order': ${fortran}, 'shape': (70000, 2), }`.padEnd(117);
      const head = Buffer.from(`\x93NUMPY\x01\x00v\x00${literal}\n`, "latin1");
      const bytes = new Uint8Array(Buffer.concat([head, Buffer.from(values.buffer)]));
      const parent = await scanned([{ path: "a.npy", bytes }]);
      expect(parent.files[0]?.index.parts).toHaveLength(2);
      await checkRemoval(parent, [0, 7, 65_535, 65_536, 69_999]);
    }
  });

  it("an archive of arrays: each stays stored or deflated, and the bytes are the same again", async () => {
    for (const [name, method] of [
      ["two.npz", 0],
      ["compressed.npz", 8],
    ] as const) {
      const bytes = new Uint8Array(readFileSync(new URL(name, arrays)));
      let parent = await scanned([{ path: name, bytes }]);
      for (let round = 0; round < 2; round++) {
        const child = await checkRemoval(parent, [1]);
        expect(await checkRemoval(parent, [1])).toEqual(child);
        expect(new DataView(child.buffer).getUint16(8, true)).toBe(method);
        parent = await childOf(parent, child);
      }
      expect(parent.records).toBe(2);
    }
  });

  it("Parquet and Arrow again and again: what was written is read by the same rules", async () => {
    for (const name of ["nested/pyarrow-gzip-groups.parquet", "exotic-arrow/pyarrow-zstd.arrow"]) {
      let parent = await scanned([{ path: name.replace(/^.*\//, ""), bytes: fixtureBytes(name) }]);
      for (let round = 0; round < 3; round++) {
        parent = await childOf(parent, await checkRemoval(parent, [0, 2, 3, parent.records - 1]));
      }
      expect(parent.records).toBe(48);
    }
  });
});

describe("removeRecords() of CSV keeps all other bytes", () => {
  const text = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const child = async (csv: string, ordinals: readonly number[], options: InMemory = {}): Promise<string> =>
    text(await checkRemoval(await scanned(csv, options), ordinals, { readBytes: 1 }));

  it("header, mark, CRLF, quoted line ends, empty lines", async () => {
    const csv = '\uFEFFa,b\r\n\r\n1,"x\r\ny"\r\n\r\n2,z\n"3",""\r\n';
    expect(await child(csv, [0])).toBe('\uFEFFa,b\r\n\r\n\r\n2,z\n"3",""\r\n');
    expect(await child(csv, [1])).toBe('\uFEFFa,b\r\n\r\n1,"x\r\ny"\r\n\r\n"3",""\r\n');
    expect(await child(csv, [0, 1, 2])).toBe("\uFEFFa,b\r\n\r\n\r\n");
  });

  it("a last record without line end", async () => {
    expect(await child("a,b\n1,2\n3,4", [1])).toBe("a,b\n1,2\n");
    expect(await child("a,b\n1,2\n3,4", [0])).toBe("a,b\n3,4");
    expect(await child("a,b\n1,2\n3,", [0, 1])).toBe("a,b\n");
  });

  it("empty lines that are records, in files of one column", async () => {
    expect(await child("a\n1\n\n2\n\n", [1])).toBe("a\n1\n2\n\n");
    expect(await child("a\n1\n\n2\n\n", [3])).toBe("a\n1\n\n2\n");
    expect(await child("a\n\r\n\n", [0, 1])).toBe("a\n");
    expect(await child('a\n""\n"b"', [0])).toBe('a\n"b"');
    expect(await child('a\n""\n"b"', [1])).toBe('a\n""\n');
  });

  it("files without a header, also when all or the first leaves", async () => {
    const dialect: Dialect = { header: false };
    expect(await child("1,2\n\n3,4\n", [0, 1], { dialect })).toBe("");
    expect(await child("\uFEFF1,2\n\n3,4\n", [0, 1], { dialect })).toBe("\uFEFF");
    expect(await child("1\n\n2\n", [0], { dialect })).toBe("\n2\n");
    expect(await child("1\n\n2\n", [0, 2], { dialect })).toBe("\n");
    expect(await child("1\n\n2\n", [0, 1, 2], { dialect })).toBe("");
  });

  it("a first record that begins with U+FEFF is not taken for a mark", async () => {
    const dialect: Dialect = { header: false };
    expect(await child("a,b\n\uFEFFc,d\n", [0], { dialect })).toBe("\uFEFF\uFEFFc,d\n");
    expect(await child("a,b\n\uFEFFc,d\n", [1], { dialect })).toBe("a,b\n");
    expect(await child("\uFEFFa,b\n\uFEFFc,d\n", [0], { dialect })).toBe("\uFEFF\uFEFFc,d\n");
    const wide = new Uint8Array(Buffer.from("a,b\n\uFEFFc,d\n", "utf16le"));
    const parent = await scanned(wide, { dialect: { ...dialect, encoding: "utf-16le" } });
    expect(Buffer.from(await checkRemoval(parent, [0])).toString("utf16le")).toBe("\uFEFF\uFEFFc,d\n");
  });
});

/** Fields with everything that needs quoting. */
const field = fc.oneof(
  fc.constantFrom(
    "",
    "1",
    "-2.5",
    "true",
    "x",
    "\uFEFF",
    "é€",
    "😀",
    "a\nb",
    "a\r\nb",
    " ",
    "€;",
    "''",
    '"q"',
    "\\",
    "|",
  ),
  fc.string({ maxLength: 4, unit: "grapheme" }).filter((value) => !/[\r\p{Surrogate}]/u.test(value)),
);

const dialects: readonly Dialect[] = [
  {},
  { delimiter: ";" },
  { delimiter: "€" },
  { quote: "'" },
  { quote: "“" },
  { escape: "\\" },
  { delimiter: "\t", quote: "'", escape: "\\" },
];

/** The field as the dialect writes it, always quoted where `quoted` says so or it must be. */
function written(value: string, dialect: Dialect, quoted: boolean): string {
  const { delimiter = ",", quote = '"', escape: escaping } = dialect;
  const must = [delimiter, quote, "\n", "\r", ...(escaping === undefined ? [] : [escaping])];
  if (!quoted && !must.some((part) => value.includes(part))) return value;
  const inner =
    escaping === undefined
      ? value.replaceAll(quote, quote + quote)
      : value.replaceAll(escaping, escaping + escaping).replaceAll(quote, escaping + quote);
  return quote + inner + quote;
}

function encoded(text: string, encoding: Dialect["encoding"]): Uint8Array {
  if (encoding === undefined) return utf8(text);
  const bytes = new Uint8Array(Buffer.from(text, encoding === "windows-1252" ? "latin1" : "utf16le"));
  return encoding === "utf-16be" ? new Uint8Array(Buffer.from(bytes).swap16()) : bytes;
}

const csvCase = fc.record({
  width: fc.integer({ min: 1, max: 3 }),
  dialect: fc.constantFrom(...dialects),
  encoding: fc.constantFrom(undefined, "utf-16le" as const, "utf-16be" as const, "windows-1252" as const),
  hasHeader: fc.boolean(),
  hasMark: fc.boolean(),
  lines: fc.array(
    fc.record({
      fields: fc.array(fc.tuple(field, fc.boolean()), { minLength: 3, maxLength: 3 }),
      lineEnd: fc.constantFrom("\n", "\r\n"),
      blankBefore: fc.boolean(),
      leaves: fc.boolean(),
    }),
    { maxLength: 8 },
  ),
  endsWithLine: fc.boolean(),
  readBytes: fc.integer({ min: 1, max: 9 }),
});

describe("removeRecords() of generated files", () => {
  it("keeps the leaves of CSV in every dialect and encoding, cut anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(csvCase, async (drawn) => {
        const { width, dialect, encoding, hasHeader, lines, readBytes } = drawn;
        const { delimiter = "," } = dialect;
        // Latin 1 has no other characters; those of the dialect must be in it too.
        const isNarrow =
          encoding === "windows-1252" && /[^\0-\x7f]/.test(JSON.stringify(dialect) + JSON.stringify(lines));
        const used = isNarrow ? undefined : encoding;
        const full: Dialect = {
          ...dialect,
          ...(hasHeader ? {} : { header: false as const }),
          ...(used === undefined ? {} : { encoding: used }),
        };
        let text = drawn.hasMark && used !== "windows-1252" ? "\uFEFF" : "";
        if (hasHeader) text += `${["a", "b", "c"].slice(0, width).join(delimiter)}\n`;
        for (const { fields, lineEnd, blankBefore } of lines) {
          if (blankBefore) text += lineEnd;
          text += fields
            .slice(0, width)
            .map(([value, quoted]) => written(value, dialect, quoted))
            .join(delimiter);
          text += lineEnd;
        }
        if (!drawn.endsWithLine) text = text.replace(/\r?\n$/, "");
        const path = [{ path: "data.csv", bytes: encoded(text, used) }];
        const parent = await scanned(path, { dialect: full, schema: { others: "text" } });
        const flags = lines.flatMap(({ leaves, blankBefore }) => (blankBefore ? [leaves, !leaves] : [leaves]));
        const ordinals = Array.from({ length: parent.records }, (_, i) => i).filter((i) => flags[i] === true);
        await checkRemoval(parent, ordinals, { readBytes });
        await checkRemoval(
          parent,
          Array.from({ length: parent.records }, (_, i) => i),
          { readBytes },
        );
      }),
      { numRuns: 120, seed: 11 },
    );
  });

  it.each(["assay-record/v1", "raw/v1"] as const)(
    "keeps the leaves of JSONL and text as %s, cut anywhere",
    async (leafFormat) => {
      const line = fc.constantFrom(
        '{"a":1}',
        '{"a":"\\n","b":[null]}',
        "{}",
        "",
        " ",
        "\t",
        '{"é€😀":{"x":1.50}}',
        '{"a":1} ',
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n"), fc.boolean()), { maxLength: 12 }),
          fc.boolean(),
          fc.constantFrom("jsonl" as const, "text" as const),
          fc.integer({ min: 1, max: 5 }),
          async (lines, endsWithLine, format, readBytes) => {
            let text = lines.map(([content, lineEnd]) => content + lineEnd).join("");
            if (!endsWithLine) text = text.replace(/\n$/, "");
            const parent = await scanned([{ path: "data", format, bytes: utf8(text) }], { leafFormat });
            const ordinals = Array.from({ length: parent.records }, (_, i) => i).filter((i) => lines[i]?.[2] === true);
            const bytes = await checkRemoval(parent, ordinals, { readBytes });
            const kept = lines.filter(
              ([content]) => format === "jsonl" && leafFormat !== "raw/v1" && content.trim() === "",
            );
            expect(bytes.length).toBeGreaterThanOrEqual(kept.reduce((sum, [content]) => sum + content.length, 0));
            await checkRemoval(
              parent,
              Array.from({ length: parent.records }, (_, i) => i),
              { readBytes },
            );
          },
        ),
        { numRuns: 100, seed: 12 },
      );
    },
  );

  it("takes records out of several parts and copies the parts between", async () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => `${i},"v ${i % 7}"`);
    const parent = await scanned(`id,v\n${lines.join("\n")}\n`);
    expect(parent.files[0]?.index.parts.length).toBe(4);
    const ordinals = [0, 65_535, 65_536, 196_608, 199_999];
    const removed = new Set(ordinals);
    const bytes = await childBytes(parent, ordinals);
    expect(new TextDecoder().decode(bytes)).toBe(`id,v\n${lines.filter((_, i) => !removed.has(i)).join("\n")}\n`);
  });
});

describe("removeRecords() refuses", () => {
  it("records and files that are not there, and ordinals out of order", async () => {
    const parent = await scanned("a\n1\n2\n");
    expect(() => removeRecords(parent, 1, [])).toThrow(RangeError);
    for (const ordinals of [[2], [-1], [0.5], [1, 0], [0, 0], [Number.NaN]]) {
      expect(() => removeRecords(parent, 0, ordinals), String(ordinals)).toThrow(/^ordinals/);
    }
  });

  it("a file whose bytes are not those of the scan (source-changed)", async () => {
    const names = [
      "simple/pyarrow.csv",
      "simple/pandas.jsonl",
      "flat/pyarrow-snappy.parquet",
      "flat/pyarrow-file.arrow",
    ];
    for (const name of names) {
      const bytes = fixtureBytes(name);
      const path = name.replace(/^.*\//, "");
      const parent = await scanned([{ path, bytes }]);
      const changed = bytes.slice();
      changed[bytes.length >> 1] = (changed[bytes.length >> 1] as number) ^ 1;
      const file = {
        ...(parent.files[0]?.file as ScannedSource["files"][number]["file"]),
        content: new Blob([changed]),
      };
      const other = { ...parent, files: [{ file, index: parent.files[0]?.index as never }] };
      for (const ordinals of [[0], [59], []])
        expect(await codeOf(childBytes(other, ordinals)), name).toBe("source-changed");
    }
  });

  it("to go on after an abort, with its reason", async () => {
    const parent = await scanned("a\n1\n2\n");
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(childBytes(parent, [0], { signal })).rejects.toThrow("enough");
  });
});

describe("removeRecords() of files that are one record each", () => {
  it("gives null when the file leaves, and its bytes when it stays", async () => {
    const parent = await scanned([{ path: "cat/1.png", bytes: Uint8Array.of(1, 2, 3), format: "files" }]);
    expect(removeRecords(parent, 0, [0])).toBeNull();
    expect(await childBytes(parent, [])).toEqual(Uint8Array.of(1, 2, 3));
  });
});
