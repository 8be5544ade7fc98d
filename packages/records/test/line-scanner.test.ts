import { toHex } from "@assay/merkle";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineScanner } from "../src/line-scanner.js";
import { openContent } from "../src/memory-source.js";
import { textReader } from "../src/text.js";
import { utf8 } from "./scan-and-hash.js";

/** The rules, read out: LF or CRLF ends a line, bytes behind the last LF are a line if there are any. */
function slowLines(text: string, skipBlank: boolean): { line: number; text: string }[] {
  const pieces = text.split("\n");
  const last = pieces.pop() as string;
  const lines = pieces.map((piece) => (piece.endsWith("\r") ? piece.slice(0, -1) : piece));
  if (last !== "") lines.push(last);
  return lines
    .map((piece, i) => ({ line: i + 1, text: piece }))
    .filter((piece) => !skipBlank || !/^[ \t\r]*$/.test(piece.text));
}

const text = fc
  .array(fc.constantFrom("\n", "\r\n", "\r", " ", "\t", "a", "é"), { maxLength: 20 })
  .map((list) => list.join(""));

describe("LineScanner", () => {
  it.each([true, false])("scan() follows the rules, in pieces of any size (skipBlank %s)", (skipBlank) => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 4 }), (sample, size, most) => {
        const all = utf8(sample);
        const scanner = new LineScanner(skipBlank);
        const found: { line: number; text: string }[] = [];
        let begin = 0;
        for (let end = Math.min(size, all.length); ; end = Math.min(end + size, all.length)) {
          const final = end === all.length;
          do {
            begin = scanner.scan(all, begin, end, final, most);
            for (let i = 0; i < scanner.records; i++) {
              const content = all.subarray(scanner.begins[i], scanner.ends[i]);
              found.push({ line: scanner.lines[i]!, text: new TextDecoder().decode(content) });
            }
          } while (scanner.records > 0);
          if (final) break;
        }
        expect(begin).toBe(all.length);
        expect(found).toEqual(slowLines(sample, skipBlank));
      }),
      { numRuns: 500 },
    );
  });

  it("gives the raw lines of a file however few bytes are read at once", async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (sample, readBytes) => {
        const source = openContent("a.txt", new Blob([sample]));
        const options = { readBytes, leafFormat: "raw/v1" } as const;
        const index = await textReader.index(source, options);
        expect(index).toEqual(await textReader.index(source, { leafFormat: "raw/v1" }));
        const found: string[] = [];
        for await (const { raw } of textReader.read(source, index, index.parts[0]!, {
          ...options,
          types: {},
          columns: [],
        })) {
          for (let i = 0; i + 1 < raw!.offsets.length; i++) {
            found.push(toHex(raw!.data.subarray(raw!.offsets[i], raw!.offsets[i + 1])));
          }
        }
        expect(found).toEqual(slowLines(sample, false).map((line) => toHex(utf8(line.text))));
      }),
      { numRuns: 60 },
    );
  });
});
