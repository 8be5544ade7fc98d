import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256, toHex } from "@assay/merkle";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Matrix, matrixDigest, type ReadMatrixOptions, readMatrix } from "../src/matrix.js";
import { openMatrixFile } from "../src/matrix-file.js";
import { sourceOfBytes } from "../src/memory-source.js";

const FIXTURES = join(import.meta.dirname, "../../../test/fixtures/interop/matrices");
const expected = JSON.parse(readFileSync(join(FIXTURES, "expected.json"), "utf8")) as Record<string, number[][]>;

async function readBytes(name: string, bytes: string | Uint8Array, options: ReadMatrixOptions = {}): Promise<Matrix> {
  const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  const format = name.endsWith(".npy") ? { format: "other" as const } : {};
  return readMatrix(await sourceOfBytes(name, [{ path: name, bytes: content, ...format }]), options);
}

function rowsOf({ rows, columns, values }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);
}

/** A `.npy` file of any literal, as a writer that means harm would make it. */
function npy(literal: string, data: Uint8Array | number = 0, version: readonly [number, number] = [1, 0]): Uint8Array {
  const text = new TextEncoder().encode(literal);
  const length =
    version[0] === 1
      ? [text.length & 255, text.length >> 8]
      : [text.length & 255, (text.length >> 8) & 255, text.length >> 16, 0];
  const body = typeof data === "number" ? new Uint8Array(data) : data;
  return Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, ...version, ...length, ...text, ...body]);
}
const literal = (descr: string, shape: string): string =>
  `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-matrix-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("readMatrix() on files of numpy and pyarrow", () => {
  it("has an expectation for every file", () => {
    const files = readdirSync(FIXTURES).filter((name) => !["broken", "expected.json"].includes(name));
    expect(files.sort()).toEqual(Object.keys(expected).sort());
    expect(files.length).toBeGreaterThan(30);
  });

  for (const [name, rows] of Object.entries(expected)) {
    it(`reads ${name}`, async () => {
      const bytes = readFileSync(join(FIXTURES, name));
      const matrix = await readMatrix(await openMatrixFile(join(FIXTURES, name)));
      expect(rowsOf(matrix)).toEqual(rows);
      expect(matrix).toMatchObject({ name, rows: rows.length, sha256: toHex(sha256(bytes)) });
      expect(matrix.names).toEqual(name.startsWith("columns") ? ["no", "perhaps", "yes"] : undefined);
      expect(matrix.values).toBeInstanceOf(/^(fortran-)?f[24]/.test(name) ? Float32Array : Float64Array);
      // The same from memory.
      expect(await readBytes(name, bytes)).toEqual(matrix);
    });
  }

  const reasons: Record<string, RegExp> = {
    object: /Python objects, stored as a pickle, which can run code/,
    structured: /structures with fields/,
    complex: /the type "<c16"/,
    text: /the type "<U1"/,
    instant: /the type "<M8\[s\]"/,
    "three-dimensions": /3 dimensions/,
    "no-dimension": /0 dimensions/,
    "no-columns": /no columns/,
    nan: /row 1, column 1 \(both from 0\) is NaN/,
    infinite: /row 1, column 1 \(both from 0\) is -Infinity/,
  };
  it("has a reason for every broken file", () => {
    expect(readdirSync(join(FIXTURES, "broken")).sort()).toEqual(
      Object.keys(reasons)
        .map((name) => `${name}.npy`)
        .sort(),
    );
  });
  for (const [name, reason] of Object.entries(reasons)) {
    it(`refuses ${name}.npy and says why`, async () => {
      const source = await openMatrixFile(join(FIXTURES, "broken", `${name}.npy`));
      await expect(readMatrix(source)).rejects.toMatchObject({
        name: "FormatError",
        code: "bad-matrix",
        message: expect.stringMatching(reason),
      });
    });
  }
});

describe("readMatrix() on hostile .npy", () => {
  const good = literal("'<f8'", "(2, 3)");
  const cases: readonly [string, Uint8Array, RegExp][] = [
    ["cut off in its data", npy(good, 47), /cut off: 2 rows of 3 columns are 48 bytes, and 47 follow/],
    ["bytes behind its data", npy(good, 49), /bytes behind its data/],
    ["cut off in its header", npy(good, 48).subarray(0, 30), /ends inside its header/],
    ["cut off behind the magic bytes", npy(good).subarray(0, 6), /ends inside its header/],
    ["cut off in its length", npy(good, 0, [2, 0]).subarray(0, 11), /ends inside its header/],
    ["a version to come", npy(good, 48, [4, 0]), /version 4\.0/],
    [
      "a header of megabytes",
      Uint8Array.from([...npy("", 0, [2, 0]).subarray(0, 8), 0, 0, 0x20, 0]),
      /2097152 bytes long/,
    ],
    ["a shape that no memory holds", npy(literal("'<f8'", "(999999999999999, 99999)")), /cut off/],
    ["a shape whose product overflows", npy(literal("'<f8'", "(9007199254740993, 4)"), 0), /cut off/],
    ["a shape of too many digits", npy(literal("'<f8'", "(18446744073709551617, 1)"), 8), /not the literal/],
    ["a negative dimension", npy(literal("'<f8'", "(-1, 3)"), 24), /negative dimension/],
    ["too many columns", npy(literal("'|u1'", "(1, 100001)"), 100_001), /100001 columns; at most 100000/],
    ["a header that is code", npy("__import__('os').system('true')\n"), /not the literal/],
    ["a shape that is code", npy(literal("'<f8'", "(1+1, 3)"), 48), /not the literal/],
    ["a member twice", npy(`{'descr': '<f8', 'descr': '<f8', 'shape': (1,), }`, 8), /not the literal/],
    ["a member too many", npy(good.replace("}", "'more': 'x', }"), 48), /not the literal/],
    ["a member too few", npy("{'descr': '<f8', 'shape': (1,), }", 8), /not the literal/],
    ["something behind the literal", npy(`${good.trim()} 1\n`, 48), /not the literal/],
    ["a number for a shape", npy(literal("'<f8'", "(3)"), 24), /not the literal/],
    ["native byte order, which no file can mean", npy(literal("'=f8'", "(2, 3)"), 48), /the type "=f8"/],
    ["a boolean that is 2", npy(literal("'|b1'", "(1, 2)"), Uint8Array.of(1, 2)), /row 0, column 1 .* is no boolean/],
  ];
  for (const [claim, bytes, reason] of cases) {
    it(`refuses ${claim}`, async () => {
      await expect(readBytes("m.npy", bytes)).rejects.toMatchObject({
        code: "bad-matrix",
        message: expect.stringMatching(reason),
      });
    });
  }

  it("refuses more bytes than maxMatrixBytes before it allocates them, naming the cap", async () => {
    const bytes = npy(good, 48);
    expect((await readBytes("m.npy", bytes, { maxMatrixBytes: 48 })).rows).toBe(2);
    await expect(readBytes("m.npy", bytes, { maxMatrixBytes: 47 })).rejects.toMatchObject({
      code: "limit-exceeded",
      message: expect.stringContaining("maxMatrixBytes (47)"),
    });
    await expect(readBytes("m.csv", "a,b\n1,2\n", { maxMatrixBytes: 15 })).rejects.toMatchObject({
      code: "limit-exceeded",
    });
  });

  it("reads elements across the pieces of a large file", async () => {
    const values = Float64Array.from({ length: 300_000 }, (_, i) => i / 7);
    const matrix = await readBytes("m.npy", npy(literal("'<f8'", "(100000, 3)"), new Uint8Array(values.buffer)));
    expect(matrix.values).toEqual(values);
  });

  it("reads no zero of its own: −0 is 0", async () => {
    const bytes = new Uint8Array(Float64Array.of(-0).buffer);
    expect(Object.is((await readBytes("m.npy", npy(literal("'<f8'", "(1,)"), bytes))).values[0], 0)).toBe(true);
  });
});

describe("readMatrix() on tables", () => {
  it("reads one row or many columns, integers and floats, by name", async () => {
    const matrix = await readBytes("m.csv", "a,b\n1,0.5\n2,3\n");
    expect(matrix).toMatchObject({ rows: 2, columns: 2, names: ["a", "b"] });
    expect(rowsOf(matrix)).toEqual([
      [1, 0.5],
      [2, 3],
    ]);
    expect(rowsOf(await readBytes("m.jsonl", '{"v":[1,2.5]}\n{"v":[3,4]}\n'))).toEqual([
      [1, 2.5],
      [3, 4],
    ]);
  });

  const cases: readonly [string, string, string, RegExp][] = [
    ["a column of text", "m.csv", "id,x\na,1\nb,2\n", /column "id" is text; every column must hold numbers/],
    ["a missing value", "m.csv", "x,y\n1,2\n3,\n", /row 1 \(from 0\), column "y" is missing/],
    ["a table without rows", "m.csv", "x,y\n", /no rows/],
    ["JSON that is no number", "m.jsonl", '{"x":1}\n{"x":"a"}\n', /row 1 \(from 0\), column "x" is no number/],
    ["JSON booleans", "m.jsonl", '{"x":1}\n{"x":true}\n', /row 1 \(from 0\), column "x"/],
    ["a JSON member that is missing", "m.jsonl", '{"x":1,"y":2}\n{"x":1}\n', /row 1 \(from 0\), column "y" is missing/],
    [
      "lists of different lengths",
      "m.jsonl",
      '{"v":[1,2]}\n{"v":[3]}\n',
      /in row 1 \(from 0\) the list has 1 elements, and 2/,
    ],
    ["a list of texts", "m.jsonl", '{"v":[1,"a"]}\n', /row 0 \(from 0\), element 1 is no number/],
    ["an empty list", "m.jsonl", '{"v":[]}\n', /empty list/],
    ["what no reader knows", "m.txt", "1 2 3\n", /neither \.npy nor a table/],
  ];
  for (const [claim, name, text, reason] of cases) {
    it(`refuses ${claim}`, async () => {
      await expect(readBytes(name, text)).rejects.toMatchObject({
        code: "bad-matrix",
        message: expect.stringMatching(reason),
      });
    });
  }

  it("knows .npy by its bytes, whatever the name says", async () => {
    writeFileSync(join(folder, "m.csv"), readFileSync(join(FIXTURES, "f8-little.npy")));
    expect((await readMatrix(await openMatrixFile(join(folder, "m.csv")))).columns).toBe(3);
  });
});

describe("openMatrixFile()", () => {
  it("refuses what is not there and what is a folder", async () => {
    await expect(openMatrixFile(join(folder, "none.npy"))).rejects.toMatchObject({
      name: "SourceError",
      code: "not-found",
    });
    mkdirSync(join(folder, "place"));
    await expect(openMatrixFile(join(folder, "place"))).rejects.toMatchObject({ code: "is-a-directory" });
  });

  it("is refused by readMatrix() when the file changed since", async () => {
    const path = join(folder, "changes.npy");
    writeFileSync(path, npy(literal("'<f8'", "(1,)"), 8));
    const source = await openMatrixFile(path);
    writeFileSync(path, npy(literal("'<f8'", "(2,)"), 16));
    await expect(readMatrix(source)).rejects.toMatchObject({ code: "source-changed" });
  });
});

describe("matrixDigest()", () => {
  it("is SHA-256 of a canonical head and the numbers, little-endian", () => {
    const matrix = { rows: 1, columns: 2, names: ["b", "a"], values: Float64Array.of(1, -2.5) };
    const head = new TextEncoder().encode('{"columns":2,"names":["b","a"],"rows":1,"type":"float64"}\n');
    const numbers = Buffer.alloc(16);
    numbers.writeDoubleLE(1, 0);
    numbers.writeDoubleLE(-2.5, 8);
    expect(matrixDigest(matrix)).toBe(toHex(sha256(Buffer.concat([head, numbers]))));
    expect(matrixDigest({ ...matrix, names: ["a", "b"] })).not.toBe(matrixDigest(matrix));
    expect(matrixDigest({ ...matrix, values: Float32Array.of(1, -2.5) })).not.toBe(matrixDigest(matrix));
    const { names: _, ...bare } = matrix;
    expect(matrixDigest(bare)).not.toBe(matrixDigest(matrix));
  });
});
