import fc from "fast-check";
import { parseString } from "fast-csv";
import { describe, expect, it } from "vitest";
import { resolveDialect } from "../src/csv-dialect.js";
import { CsvScanner, ESCAPED, PLAIN, unescapeField } from "../src/csv-scanner.js";
import type { Dialect } from "../src/reader.js";
import { utf8 } from "./scan-and-hash.js";

interface Scanned {
  readonly records: { readonly line: number; readonly fields: { readonly text: string; readonly quoted: boolean }[] }[];
  readonly fault: string | null;
}

/** Scans a text that comes in pieces of `size` bytes, as the stream hands them over. */
function scanInPieces(text: string, dialect: Dialect, size: number, columns = 0): Scanned {
  const resolved = resolveDialect(dialect, "csv");
  const scanner = new CsvScanner(resolved, 1000);
  scanner.columns = columns;
  const all = utf8(text);
  const records: Scanned["records"] = [];
  let begin = 0;
  for (let end = Math.min(size, all.length); ; end = Math.min(end + size, all.length)) {
    // What is behind `end` must not be looked at.
    const bytes = new Uint8Array(all.length + 8).fill(0x22);
    bytes.set(all.subarray(0, end));
    const final = end === all.length;
    for (;;) {
      const at = scanner.scan(bytes, begin, end, final, 3);
      for (let r = 0; r < scanner.records; r++) {
        const first = r * scanner.columns;
        records.push({
          line: scanner.lines[r]!,
          fields: Array.from({ length: scanner.columns }, (_, c) => {
            const [from, to, form] = [scanner.begins[first + c]!, scanner.ends[first + c]!, scanner.forms[first + c]!];
            const out = new Uint8Array(to - from);
            const content =
              form === ESCAPED
                ? out.subarray(0, unescapeField(resolved, bytes, from, to, out))
                : bytes.subarray(from, to);
            return { text: new TextDecoder().decode(content), quoted: form !== PLAIN };
          }),
        });
      }
      begin = at;
      if (scanner.fault !== null) return { records, fault: scanner.fault.reason };
      if (scanner.records === 0) break;
    }
    if (final) return { records, fault: begin === end ? null : "not all was scanned" };
  }
}

/** The grammar, read out character by character. */
function slowScan(text: string, { delimiter = ",", quote = '"', escape: escaping }: Dialect): Scanned {
  const characters = [...text];
  const records: { line: number; fields: { text: string; quoted: boolean }[] }[] = [];
  let columns = 0;
  let line = 1;
  let i = 0;
  const lineEnd = () => (characters[i] === "\n" ? 1 : characters[i] === "\r" && characters[i + 1] === "\n" ? 2 : 0);
  while (i < characters.length) {
    const firstLine = line;
    if (lineEnd() > 0) {
      if (columns === 1) records.push({ line, fields: [{ text: "", quoted: false }] });
      i += lineEnd();
      line++;
      continue;
    }
    const fields: { text: string; quoted: boolean }[] = [];
    for (;;) {
      let field = "";
      const quoted = quote !== "" && characters[i] === quote;
      if (quoted) {
        for (i++; ; i++) {
          if (i >= characters.length) return { records, fault: "unclosed-quote" };
          const character = characters[i]!;
          if (escaping !== undefined && character === escaping) {
            i++;
            if (i >= characters.length) return { records, fault: "unclosed-quote" };
          } else if (character === quote) {
            if (escaping !== undefined || characters[i + 1] !== quote) break;
            i++;
          }
          if (characters[i] === "\n") line++;
          field += characters[i];
        }
        i++;
      } else {
        while (i < characters.length && ![delimiter, quote, "\n", "\r"].includes(characters[i]!))
          field += characters[i++];
      }
      fields.push({ text: field, quoted });
      if (characters[i] === delimiter) {
        i++;
        continue;
      }
      if (i < characters.length && lineEnd() === 0) {
        const reason = quoted ? "text-after-quote" : characters[i] === "\r" ? "lone-cr" : "quote-inside-field";
        return { records, fault: reason };
      }
      break;
    }
    if (columns === 0) columns = fields.length;
    if (fields.length !== columns) return { records, fault: "ragged" };
    records.push({ line: firstLine, fields });
    if (i < characters.length) {
      i += lineEnd();
      line++;
    }
  }
  return { records, fault: null };
}

const dialects: Dialect[] = [
  {},
  { quote: "" },
  { escape: "\\" },
  { delimiter: ";", quote: "'" },
  { delimiter: "§", quote: "«" },
  { delimiter: "😀", escape: "é" },
  { quote: "😀", delimiter: "😁" },
];

describe("CsvScanner", () => {
  it.each(dialects)("scan() agrees with the grammar on any text, in pieces of any size: %j", (dialect) => {
    const { delimiter = ",", quote = '"', escape: escaping = "x" } = dialect;
    const characters = [delimiter, quote, escaping, "\n", "\r\n", "\r", "a", "é", "😀", ""];
    const text = fc.array(fc.constantFrom(...characters), { maxLength: 24 }).map((list) => list.join(""));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (sample, size) => {
        expect(scanInPieces(sample, dialect, size)).toEqual(slowScan(sample, dialect));
      }),
      { numRuns: 400 },
    );
  });

  it("scan() agrees with fast-csv on what it writes and what others write", async () => {
    // No spaces: fast-csv loses fields of white space.
    const field = fc.string({ unit: fc.constantFrom("a", "é", "😀", ",", '"', "\n", "\r\n", "1"), maxLength: 6 });
    const table = fc.integer({ min: 2, max: 4 }).chain((width) =>
      fc.array(fc.array(fc.tuple(field, fc.boolean()), { minLength: width, maxLength: width }), {
        minLength: 1,
        maxLength: 8,
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        async (rows, end, last, size) => {
          const write = ([text, quoted]: [string, boolean]) =>
            quoted || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
          const text = rows.map((row) => row.map(write).join(",")).join(end) + (last ? end : "");
          const theirs = await new Promise<string[][]>((resolve, reject) => {
            const found: string[][] = [];
            parseString<string[], string[]>(text, { headers: false })
              .on("error", reject)
              .on("data", (row) => found.push(row))
              .on("end", () => resolve(found));
          });
          const { records, fault } = scanInPieces(text, {}, size);
          expect(fault).toBe(null);
          expect(records.map(({ fields }) => fields.map((f) => f.text))).toEqual(theirs);
        },
      ),
      { numRuns: 150 },
    );
  });
});
