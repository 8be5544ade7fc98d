import { sha256 } from "@assay/merkle";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSchema } from "../src/declared-schema.js";
import { sourceOfBytes } from "../src/memory-source.js";
import { scanSource } from "../src/scan-source.js";
import { unfNumber, unfOf } from "../src/unf.js";

const scan = async (files: Record<string, string>, schema: object = {}) =>
  scanSource(
    await sourceOfBytes(
      "tiny",
      Object.entries(files).map(([path, text]) => ({ path, bytes: new TextEncoder().encode(text) })),
      { schema: parseSchema(schema) },
    ),
  );
const csv = (name: string, values: readonly unknown[]) => `${name}\n${values.join("\n")}\n`;
const oneColumn = async (values: readonly unknown[], schema: object = {}) =>
  (await unfOf(await scan({ "a.csv": csv("x", values) }, schema))).unf;
const range = (begin: number, end: number) => Array.from({ length: end - begin + 1 }, (_, i) => begin + i);

describe("unfNumber()", () => {
  // The examples of "UNF Version 6" and of the list that its Java implementation carries.
  it.each([
    [0, "+0.e+"],
    [-0, "-0.e+"],
    [1, "+1.e+"],
    [-300, "-3.e+2"],
    [31415e-4, "+3.1415e+"],
    [0.00073, "+7.3e-4"],
    [1.23456789, "+1.234568e+"],
    [1.2345675, "+1.234568e+"],
    [1.2345685, "+1.234568e+"],
    [9.9999999, "+1.e+1"],
    [99999995, "+1.e+8"],
    [1e21, "+1.e+21"],
    [5e-324, "+5.e-324"],
    [Number.NaN, "+nan"],
    [Number.POSITIVE_INFINITY, "+inf"],
    [Number.NEGATIVE_INFINITY, "-inf"],
  ])("writes %d as %s", (value, text) => {
    expect(unfNumber(value)).toBe(text);
  });

  it("reads back to seven digits", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = unfNumber(value);
        expect(text).toMatch(/^[+-]\d\.\d{0,6}e[+-]\d*$/);
        const back = Number(text.replace(/e([+-])$/, "e$10"));
        if (Number.isFinite(back))
          expect(Math.abs(back - value)).toBeLessThanOrEqual(5.0000001e-7 * Math.abs(value) + 5e-324);
      }),
    );
  });
});

describe("unfOf()", () => {
  // Published: the specification's example, unf_examples.txt, and the tests of the R package UNF.
  it.each<[string, readonly unknown[], string, object?]>([
    ["0", [0], "YUvj33xEHnzirIHQyZaHow=="],
    ["-300", [-300], "ZTXyg54FoMfRDWZl6oWmFQ=="],
    ["3.1415", [31415e-4], "vOSZmXXXpKfQcqZ0Cuu5/w=="],
    ["0.00073", [0.00073], "qhw3qzg3fEK0NNfoVxk4jQ=="],
    ["0.00073, a decimal", ["0.00073"], "qhw3qzg3fEK0NNfoVxk4jQ==", { columns: { x: "decimal(10,5)" } }],
    ["1.23456789", [1.23456789], "vcKELUSS4s4k1snF4OTB9A=="],
    ["true", [true], "tv3XYCv524AfmlFyVOhuZg=="],
    ["false", [false], "YUvj33xEHnzirIHQyZaHow=="],
    ["1 to 20", range(1, 20), "/FIOZM/29oC3TK/IE52m2A=="],
    ["-3 to 3", range(-3, 3), "7FsSuKWGIp6i7b0NFjckZQ=="],
    ["a text", ["A character String"], "FYqU7uBl885eHMbpco1ooA=="],
    ["a text beyond ASCII", ["på Færøerne"], "KHM6bKVaVaxWDDsmyerfDA=="],
    [
      "a text of more than 128 characters",
      [
        '"A quite long character string, so long that the number of characters in it happens to be more than the default cutoff limit of 128."',
      ],
      "/BoSlfcIlsmQ+GHu5gxwEw==",
    ],
    ["an empty text", ['""'], "ECtRuXZaVqPomffPDuOOUg=="],
    ["a timestamp", ["2014-01-13T20:47:18"], "eaMxex5EHi2LunomVc0SDw==", { columns: { x: "timestamp" } }],
    ["an instant", ["2014-01-13T20:47:18-05:00"], "1Pku/Z/EIRtmpdEepAb1MA==", { columns: { x: "instant" } }],
  ])("%s", async (_, values, unf, schema = {}) => {
    expect(await oneColumn(values, schema)).toBe(`UNF:6:${unf}`);
  });

  it("a missing value, also of a column that only other records have", async () => {
    expect((await unfOf(await scan({ "a.jsonl": '{"x":1.23456789}\n{}\n{"x":0}\n' }))).unf).toBe(
      "UNF:6:Do5dfAoOOFt4FSj0JcByEw==",
    );
    expect((await unfOf(await scan({ "a.csv": "x,y\n1.23456789,\n,\n0,\n" }))).unf).toBe(
      (await unfOf(await scan({ "a.csv": "z,x\n,1.23456789\n,\n,0\n" }))).unf,
    );
    expect(await oneColumn(['""'], { columns: { x: "int8" }, nullValues: [] }).catch(({ code }) => code)).toBe(
      "bad-value",
    );
  });

  it("columns are unordered and without names, records are ordered", async () => {
    const frame = "UNF:6:ukDZSJXck7fn4SlPJMPFTQ==";
    expect((await unfOf(await scan({ "a.csv": "a,b,c\n1,4,7\n2,5,8\n3,6,9\n" }))).unf).toBe(frame);
    expect(
      (await unfOf(await scan({ "b.jsonl": '{"z":7,"y":1,"x":4}\n{"x":5,"y":2,"z":8}\n{"z":9,"x":6,"y":3}\n' }))).unf,
    ).toBe(frame);
    expect((await unfOf(await scan({ "a.csv": "a,b,c\n2,5,8\n1,4,7\n3,6,9\n" }))).unf).not.toBe(frame);
  });

  it("several files are the sorted vector of their fingerprints", async () => {
    const { unf, files } = await unfOf(await scan({ "a.csv": "x\n1\n", "b.csv": "x\n0\n", "empty.csv": "x\n" }));
    const sorted = ["YUvj33xEHnzirIHQyZaHow==", "tv3XYCv524AfmlFyVOhuZg=="];
    expect(files.map((file) => file.unf)).toEqual([`UNF:6:${sorted[1]}`, `UNF:6:${sorted[0]}`]);
    const bytes = new TextEncoder().encode(sorted.map((text) => `${text}\n\0`).join(""));
    expect(unf).toBe(`UNF:6:${Buffer.from(sha256(bytes).subarray(0, 16)).toString("base64")}`);
  });

  it("says why there is none", async () => {
    const reasons = async (text: string) => (await unfOf(await scan({ "a.jsonl": text }))).files;
    expect(await reasons('{"x":[1]}\n')).toEqual([
      { path: "a.jsonl", reason: 'column "x" holds a list, of which UNF knows nothing' },
    ]);
    expect(await reasons('{"x":1}\n{"x":"1"}\n')).toEqual([
      { path: "a.jsonl", reason: 'column "x" mixes number and text' },
    ]);
    expect(await reasons("{}\n")).toEqual([{ path: "a.jsonl", reason: "its records have no columns" }]);
    expect(await unfOf(await scan({ "a.csv": "x\n" }))).toEqual({ files: [] });
  });
});
