/**
 * The kernel against the reference, which is the same code where there is no WebAssembly: everything that is said of a
 * file, or the error with its place, must be the same, whatever is read at once.
 */

import { LANES_RESERVED, toHex } from "@assay/merkle";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { compileKernel } from "../assembly/build.js";
import type { ColumnType } from "../src/column-type.js";
import type { CsvKernel, KernelColumns } from "../src/csv-kernel.js";
import { CSV_KERNEL } from "../src/generated/csv.js";
import type { Dialect } from "../src/reader.js";

interface Modules {
  readonly tasks: typeof import("../src/tasks.js");
  readonly inference: typeof import("../src/inference.js");
  readonly memory: typeof import("../src/memory-source.js");
  readonly kernel: typeof import("../src/csv-kernel.js");
}

async function load(): Promise<Modules> {
  vi.resetModules();
  const [tasks, inference, memory, kernel] = await Promise.all([
    import("../src/tasks.js"),
    import("../src/inference.js"),
    import("../src/memory-source.js"),
    import("../src/csv-kernel.js"),
  ]);
  return { tasks, inference, memory, kernel };
}

let fast: Modules;
let slow: Modules;
beforeAll(async () => {
  fast = await load();
  vi.stubGlobal("WebAssembly", undefined);
  slow = await load();
  expect(slow.kernel.takeCsvKernel()).toBeUndefined();
  vi.unstubAllGlobals();
});
afterAll(() => {
  vi.resetModules();
});

interface Choices {
  readonly readBytes?: number;
  readonly dialect?: Dialect;
  readonly nullValues?: readonly string[];
  /** Types that are not inferred. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  readonly limits?: { readonly maxRecordBytes?: number; readonly maxColumns?: number };
}

/** Index, evidence, kinds and leaves of a file, or the error. */
async function allOf({ tasks, inference, memory }: Modules, bytes: Uint8Array, choices: Choices): Promise<unknown> {
  const { types: given = {}, ...options } = choices;
  try {
    const source = await memory.sourceOfBytes("data", [{ path: "data.csv", bytes }], {});
    const file = source.files[0]!;
    const { index, evidence } = await tasks.indexFile({ ...options, known: Object.keys(given) }, { file, ordinal: 0 });
    const types: Record<string, ColumnType> = { ...given };
    for (const column of evidence) {
      const type = inference.inferType(column);
      if (type !== null) types[column.name] = type;
    }
    const parts: unknown[] = [];
    for (const part of index.parts) {
      const input = { file, ordinal: 0, index: { ...index, parts: [] }, part, types };
      const { leaves, kinds } = await tasks.hashPart({ ...options, leafKey: null, splitColumn: null }, input);
      parts.push({ leaves: toHex(leaves), kinds });
    }
    return { index, evidence, types, parts };
  } catch (error) {
    const { name, code, message, details } = error as Record<string, unknown>;
    return { name, code, message, details };
  }
}

interface Result {
  readonly index: unknown;
  readonly evidence: unknown;
  readonly types: unknown;
  readonly parts: readonly { readonly leaves: string }[];
}

/** Leaves that are made on the way cost no pass of their own, and change nothing that is said. */
async function expectSameOnTheWay({ tasks, memory }: Modules, bytes: Uint8Array, choices: Choices, whole: Result) {
  const { types = {}, ...options } = choices;
  const { files } = await memory.sourceOfBytes("data", [{ path: "data.csv", bytes }], {});
  const input = { file: files[0]!, ordinal: 0, mostLeaves: 2 ** 20 };
  const { index, evidence, early = [] } = await tasks.indexFile({ ...options, known: Object.keys(types) }, input);
  expect({ index, evidence }).toEqual({ index: whole.index, evidence: whole.evidence });
  for (const { types: guessed, blocks } of early) {
    const isRight =
      JSON.stringify(Object.entries(guessed).sort()) === JSON.stringify(Object.entries(whole.types as object).sort());
    if (isRight) expect(blocks.map(toHex).join("")).toBe(whole.parts.map(({ leaves }) => leaves).join(""));
  }
}

async function expectSame(bytes: Uint8Array, choices: Choices = {}): Promise<unknown> {
  const [expected, actual] = [await allOf(slow, bytes, choices), await allOf(fast, bytes, choices)];
  expect(actual).toEqual(expected);
  if (codeOf(actual) === undefined) await expectSameOnTheWay(fast, bytes, choices, actual as Result);
  return actual;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const codeOf = (result: unknown): unknown => (result as { code?: unknown }).code;

/** Whole numbers below a bound, the same ones for a seed. */
function chooser(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** Numbers of every kind that the encoding tells apart, and their neighbours. */
function numberText(pick: (bound: number) => number): string {
  const digits = (count: number) => Array.from({ length: count }, () => pick(10)).join("");
  switch (pick(14)) {
    case 0: {
      words[0] = pick(2 ** 32);
      words[1] = pick(2 ** 32);
      return Number.isFinite(double[0]!) ? String(double[0]) : "0.1";
    }
    case 1:
      return String(pick(100));
    case 2:
      return String(pick(2 ** 32) / 2 ** 32);
    case 3:
      return `${pick(1000)}.${digits(1 + pick(25))}`;
    case 4:
      return `${1 + pick(9)}${digits(pick(24))}`;
    case 5:
      return (
        ["-0", "-0.0", "0.0", "0e5", "1e100", "-1e22", "1e23", "5e-324", "2e-308", "1.7976931348623157e308"] as const
      )[pick(10)]!;
    case 6:
      return ["9007199254740993", "18446744073709551615", "18446744073709551616", "-9223372036854775808"][pick(4)]!;
    case 7:
      return ["9223372036854775807", "9223372036854775808", "-9223372036854775809", "-18446744073709551616"][pick(4)]!;
    // Halves and singles, subnormal ones too.
    case 8:
      return String(((pick(2048) - 1024) / 1024) * 2 ** (pick(40) - 24));
    case 9:
      return String(Math.fround(pick(2 ** 32) * 2 ** (pick(300) - 200)));
    // Half-way between two doubles, and one digit beside.
    case 10:
      return `${9007199254740992 + 2 * pick(1000)}.5${["", "0", "00000001"][pick(3)]}`;
    case 11:
      return `${pick(1000)}.${digits(3)}e${pick(700) - 350}`;
    case 12:
      return `${pick(10)}e${["", "+", "-"][pick(3)]}${pick(60)}`;
    default:
      return `${digits(19)}e${pick(100) - 60}`;
  }
}

function timeText(pick: (bound: number) => number, form: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const year = String([0, 1, 1582, 1900, 1969, 1970, 2000, 2024, 9999][pick(9)]).padStart(4, "0");
  const date = `${year}-${two(1 + pick(12))}-${two(1 + pick(28))}`;
  if (form === 0) return date;
  const fraction = ["", ".5", ".123456789", ".000"][pick(4)];
  const time = `${date}${"T "[pick(2)]}${two(pick(24))}:${two(pick(60))}:${two(pick(60))}${fraction}`;
  return form === 1 ? time : `${time}${["Z", "+00:00", "+0000", "+00"][pick(4)]}`;
}

const WORDS = ["true", "false", "True", "False", "TRUE", "FALSE"];

/** A field of a column of this kind, as CSV holds it. */
function fieldText(pick: (bound: number) => number, kind: number): string {
  if (pick(12) === 0) return "";
  switch (kind) {
    case 0:
      return String(pick(2 ** 31) - 2 ** 30);
    case 1:
    case 2:
      return numberText(pick);
    case 3:
    case 4:
    case 5:
      return timeText(pick, kind - 3);
    case 6:
      return WORDS[pick(2)]!;
    case 7:
      return `"${["a, b", 'say ""x""', "two\nlines", "c\r\nd", "", "é—😀", "x".repeat(pick(600))][pick(7)]}"`;
    case 8:
      return ["plain", "é", "中文字", "word ".repeat(pick(300)), "12a", "2024-13-01", "1e", "+1", ".5", "1.", "007"][
        pick(11)
      ]!;
    default:
      return [numberText(pick), timeText(pick, pick(3)), WORDS[pick(6)]!, "text"][pick(4)]!;
  }
}

/** A file, and some of its bytes. */
function fileOf(seed: number, records: number): string {
  const pick = chooser(seed);
  const kinds = Array.from({ length: 1 + pick(seed % 5 === 0 ? 40 : 9) }, () => pick(10));
  const end = pick(3) === 0 ? "\r\n" : "\n";
  let text = kinds.map((kind, i) => `${"x".repeat(pick(30))}${kind}_${i}`).join(",") + end;
  for (let i = 0; i < records; i++) {
    text += kinds.map((kind) => fieldText(pick, kind)).join(",") + end;
    if (pick(50) === 0 && kinds.length > 1) text += end;
  }
  return pick(4) === 0 ? text.slice(0, -end.length) : text;
}

test("the module is what its source becomes", { timeout: 60_000 }, async () => {
  expect(Buffer.from(await compileKernel()).toString("base64")).toBe(CSV_KERNEL);
});

test("the kernel stands behind the lanes in their common memory", () => {
  const bytes = Uint8Array.from(atob(CSV_KERNEL), (character) => character.charCodeAt(0));
  const memory = new WebAssembly.Memory({ initial: 192 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, nearest: () => 0 } });
  const { INPUT, MEMORY_END } = exports as Record<string, WebAssembly.Global>;
  expect(INPUT?.value).toBeGreaterThanOrEqual(LANES_RESERVED);
  expect(MEMORY_END?.value).toBeLessThan(memory.buffer.byteLength);
});

describe("the kernel and the reference agree", () => {
  test("about files of all types, whatever is read at once", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const bytes = utf8(fileOf(seed, 120));
      const results = [];
      for (const readBytes of [64, 1000, 262_144]) results.push(await expectSame(bytes, { readBytes }));
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
      expect(codeOf(results[0])).toBeUndefined();
    }
  });

  test("about numbers, one column of each kind, as doubles and as text", async () => {
    const pick = chooser(7);
    const lines = Array.from({ length: 20_000 }, () => numberText(pick)).filter((text) =>
      Number.isFinite(Number(text)),
    );
    const result = (await expectSame(utf8(`x\n${lines.join("\n")}\n`), { types: { x: "float64" } })) as object;
    expect(result).toHaveProperty("parts");
    await expectSame(utf8(`x\n${lines.join("\n")}\n`));
    const whole = Array.from({ length: 5000 }, () =>
      String(BigInt.asIntN(64, BigInt(pick(2 ** 32)) * BigInt(pick(2 ** 32)))),
    );
    expect(await expectSame(utf8(`x\n${whole.join("\n")}\n`))).toMatchObject({ types: { x: "int64" } });
  });

  test("about times with a byte that is another, among those that are right", async () => {
    const good = ["2024-02-29", "2024-02-29T01:02:03.5", "2024-02-29 01:02:03+00:00"];
    for (const text of good) {
      const odd = [...text].flatMap((_, i) =>
        [..."0239:-TZ+. /;x"].map((byte) => `${text.slice(0, i)}${byte}${text.slice(i + 1)}`),
      );
      const shorter = [...text].map((_, i) => text.slice(0, i));
      for (const readBytes of [64, 262_144])
        await expectSame(utf8(`t,n\n${[text, ...odd, ...shorter].map((time) => `${time},1`).join("\n")}\n`), {
          readBytes,
        });
      // Each by itself behind enough of the right ones for their type to be guessed.
      const lines = Array.from({ length: 8 }, () => `${text},1`).join("\n");
      for (const time of odd.filter((_, i) => i % 5 === 0))
        await expectSame(utf8(`t,n\n${lines}\n${time},1\n${lines}\n`), { readBytes: 64 });
    }
  });

  test("about more than one part, and a record too long for the input of the kernel", async () => {
    const pick = chooser(3);
    const lines = Array.from(
      { length: 140_000 },
      (_, i) => `${i},${pick(1000)}.${pick(10)},${i % 3 === 0 ? "" : "ab"}`,
    );
    lines[100_000] = `1,2.5,"${"long ".repeat(300_000)}"`;
    const result = (await expectSame(utf8(`id,x,label\n${lines.join("\n")}\n`))) as { index: { parts: unknown[] } };
    expect(result.index.parts).toHaveLength(3);
  });

  test("about cells that do not fit given types: the same error at the same place", async () => {
    const types = {
      a: "int64",
      b: "float64",
      c: "date",
      d: "timestamp",
      e: "instant",
      f: "boolean",
      g: "uint64",
    } as const;
    const good = ["1", "2.5", "2024-02-29", "2024-02-29T01:02:03", "2024-02-29T01:02:03Z", "true", "7"];
    const odd = [
      "x",
      "",
      '""',
      "+1",
      "-1",
      "1.0",
      "1e999",
      "2023-02-29",
      "2024-02-29T00:00:00",
      "2024-01-01T01:02:03+05:30",
      " 1",
      "1_0",
      "nan",
      "NaN",
      "-Infinity",
      "99999999999999999999",
      '"1"',
      '"a""b"',
      "0x1",
      "T",
      "yes",
      "TRUE",
      "-0",
      "1e5",
      ".5",
      "5.",
    ];
    for (let column = 0; column < good.length; column++) {
      for (const cell of odd) {
        const record = good.map((value, i) => (i === column ? cell : value)).join(",");
        const lines = [...Array(5).fill(good.join(",")), record, ...Array(5).fill(good.join(","))];
        await expectSame(utf8(`a,b,c,d,e,f,g\n${lines.join("\n")}\n`), { types });
      }
    }
  });

  test("about whatever a few troublesome bytes make", async () => {
    const piece = fc.constantFrom(
      ",",
      '"',
      "\n",
      "\r\n",
      "\r",
      "a",
      "1",
      "é",
      " ",
      '""',
      '"a"',
      ",,",
      "\n\n",
      '"x,y"',
      "2.5",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(1, 64, 4096),
        async (pieces, columns, readBytes) => {
          const header = Array.from({ length: columns }, (_, i) => `c${i}`).join(",");
          await expectSame(utf8(`${header}\n${pieces.join("")}`), { readBytes });
        },
      ),
      { numRuns: 1500, seed: 11 },
    );
  });

  test("about files with a byte that is another", async () => {
    for (let seed = 1; seed <= 250; seed++) {
      const pick = chooser(1000 + seed);
      const bytes = utf8(fileOf(seed, 40));
      bytes[pick(bytes.length)] = [0x22, 0x2c, 0x0a, 0x0d, 0xff, 0x80, 0xc3, 0xed, 0xf4, pick(256)][pick(10)]!;
      await expectSame(bytes, { readBytes: [64, 500, 262_144][pick(3)]! });
    }
  });

  test("about UTF-8 that is none, at every place of a step", async () => {
    const sequences = [
      [0xc0, 0x80],
      [0xc3],
      [0xe0, 0x9f, 0xbf],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x8f, 0xbf, 0xbf],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf5],
      [0x80],
      [0xe4, 0xb8],
      [0xf0, 0x9f, 0x98],
    ];
    for (const sequence of sequences) {
      for (let before = 0; before < 70; before += 7) {
        const bytes = new Uint8Array([
          ...utf8(`a,b\n1,${"x".repeat(before)}`),
          ...sequence,
          ...utf8(",\n2,y\n".slice(1)),
        ]);
        expect(codeOf(await expectSame(bytes))).toBe("invalid-utf8");
      }
    }
  });

  test("about the last integers that are integers, and the first that are not, beside fractions", async () => {
    const edges = ["18446744073709549568", "18446744073709551616", "-18446744073709551616", "-18446744073709555712"];
    await expectSame(utf8(`a\n0.5\n${edges.join("\n")}\n`));
  });

  test("about other dialects, null values, limits and encodings", async () => {
    const dialects: readonly Dialect[] = [
      { delimiter: ";" },
      { delimiter: "\t" },
      { delimiter: "|", quote: "'" },
      { quote: "" },
      { escape: "\\" },
      { delimiter: "→" },
      { header: false },
      { quote: "1" },
    ];
    for (const dialect of dialects) {
      for (let seed = 1; seed <= 12; seed++) {
        const text = fileOf(seed, 30)
          .replaceAll(",", dialect.delimiter ?? ",")
          .replaceAll('"', dialect.quote ?? '"');
        await expectSame(utf8(text), { dialect, readBytes: 100 });
      }
    }
    for (let seed = 1; seed <= 10; seed++) {
      const text = fileOf(seed, 60);
      await expectSame(utf8(text), { nullValues: ["true", "plain", "0"] });
      for (const maxRecordBytes of [20, 100, 400])
        await expectSame(utf8(text), { limits: { maxRecordBytes }, readBytes: 64 });
      const wide = new Uint8Array(
        Uint16Array.from([...text].flatMap((c) => [...Array(c.length)].map((_, i) => c.charCodeAt(i)))).buffer,
      );
      await expectSame(wide, { dialect: { encoding: "utf-16le" } });
    }
  });

  test("about wide files: heads of one, two and three bytes, and more columns than the kernel takes", async () => {
    for (const columns of [23, 24, 25, 255, 256, 300, 1024, 1025]) {
      const names = Array.from({ length: columns }, (_, i) => `c${i}`);
      const record = (every: number) => names.map((_, i) => (i % every === 0 ? String(i) : "")).join(",");
      await expectSame(utf8([names.join(","), record(1), record(2), record(30), record(1)].join("\n")));
    }
  });
});

test("the kernel is what does it: no number and no plain record is left to the reference", () => {
  const kernel = fast.kernel.takeCsvKernel() as CsvKernel;
  const pick = chooser(5);
  const numbers = Array.from({ length: 5000 }, () => numberText(pick)).filter((text) => Number.isFinite(Number(text)));
  const bytes = utf8(numbers.map((number, i) => `${i},${number},"a ""b""",${timeText(pick, 2)}\n`).join(""));
  let leaves = 0;
  for (let at = 0; at < bytes.length; at += kernel.scannedTo) {
    const records = kernel.scan(bytes, at, bytes.length, 1000, 4, 1, { delimiter: 44, quote: 34 });
    const columns = kernel.describe([
      { name: "id", type: "int64" },
      { name: "x", type: "float64" },
      { name: "text", type: "text" },
      { name: "seen", type: "instant" },
    ]) as KernelColumns;
    if (kernel.leaves(records, columns, new Uint8Array(32 * records))) leaves += records;
    expect(records).toBeGreaterThan(0);
  }
  expect(leaves).toBe(numbers.length);
  kernel.release();
});
