/**
 * The line kernel against the reference, which is the same code where there is no WebAssembly: everything that is said of a
 * file, or the error with its place, must be the same, whatever is read at once.
 */

import { LANES_RESERVED, toHex } from "@assay/merkle";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { compileLineKernel } from "../assembly/build.js";
import { LINE_KERNEL } from "../src/generated/lines.js";
import type { LineKernel } from "../src/line-kernel.js";
import type { LeafFormat } from "../src/reader.js";
import { utf8 } from "./bytes.js";

interface Modules {
  readonly tasks: typeof import("../src/tasks.js");
  readonly memory: typeof import("../src/memory-source.js");
  readonly kernel: typeof import("../src/line-kernel.js");
}

async function load(): Promise<Modules> {
  vi.resetModules();
  const [tasks, memory, kernel] = await Promise.all([
    import("../src/tasks.js"),
    import("../src/memory-source.js"),
    import("../src/line-kernel.js"),
  ]);
  return { tasks, memory, kernel };
}

let fast: Modules;
let slow: Modules;
beforeAll(async () => {
  fast = await load();
  vi.stubGlobal("WebAssembly", undefined);
  slow = await load();
  expect(slow.kernel.takeLineKernel()).toBeUndefined();
  vi.unstubAllGlobals();
});
afterAll(() => {
  vi.resetModules();
});

interface Choices {
  readonly leafFormat?: LeafFormat;
  readonly readBytes?: number;
  readonly name?: string;
}

/** Index, kinds and leaves of a file. */
async function allOf({ tasks, memory }: Modules, bytes: Uint8Array, { name = "data.jsonl", ...options }: Choices) {
  const source = await memory.sourceOfBytes("data", [{ path: name, bytes }], {});
  const file = source.files[0]!;
  const { index } = await tasks.indexFile({ ...options, known: null }, { file, ordinal: 0 });
  const parts: unknown[] = [];
  for (const part of index.parts) {
    const input = { file, ordinal: 0, index: { ...index, parts: [] }, part, types: {} };
    const { leaves, kinds } = await tasks.hashPart({ ...options, leafKey: null, splitColumn: null }, input);
    parts.push({ leaves: toHex(leaves), kinds });
  }
  return { index, parts };
}

/** That, or the error. */
async function resultOf(modules: Modules, bytes: Uint8Array, choices: Choices): Promise<unknown> {
  try {
    return await allOf(modules, bytes, choices);
  } catch (error) {
    const { name, code, message, details } = error as Record<string, unknown>;
    return { name, code, message, details };
  }
}

async function expectSame(text: string | Uint8Array, choices: Choices = {}): Promise<unknown> {
  const bytes = typeof text === "string" ? utf8(text) : text;
  const [expected, actual] = [await resultOf(slow, bytes, choices), await resultOf(fast, bytes, choices)];
  expect(actual).toEqual(expected);
  return actual;
}

const codeOf = (result: unknown): unknown => (result as { code?: unknown }).code;

const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer().map(String),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
  fc.constantFrom(
    "0",
    "-0",
    "-0.0",
    "0.50",
    "1.0",
    "1e5",
    "1E+5",
    "-1e-5",
    "1e400",
    "1e-400",
    "123456789012345678",
    "1234567890123456789",
    "-18446744073709551616.0",
    "65504.0",
    "0.1",
    "01",
    "1.",
    ".5",
    "+1",
    "1e",
    "-",
    "0x1",
    "1.5.2",
    "1-2",
  ),
);
const strings = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }).map((text) => JSON.stringify(text)),
  fc.constantFrom(
    '""',
    '"a"',
    '"\\u00e9\\n\\t\\"\\\\\\/\\b\\f\\r"',
    '"\\ud83d\\ude00"',
    '"\\ud83d"',
    '"\\ude00x"',
    '"\\u12g4"',
    '"\\x"',
    '"tab\there"',
    '"open',
    "'a'",
  ),
  fc.constantFrom(..."éжत😀".split("")).map((letter) => `"${letter.repeat(9)}"`),
  fc.integer({ min: 0, max: 1200 }).map((length) => `"${"y".repeat(length)}"`),
);
const values = fc.oneof(
  { weight: 5, arbitrary: numbers },
  { weight: 5, arbitrary: strings },
  { weight: 3, arbitrary: fc.constantFrom("true", "false", "null", "True", "nul", "[1]", '{"a":1}', "[]") },
);
const plainValues = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => JSON.stringify(text)),
  fc.integer().map(String),
  fc.constantFrom("true", "false", "null"),
);
const spaces = fc.constantFrom("", "", "", " ", "  ", "\t");
const names = fc.constantFrom(
  "a",
  "b",
  "id",
  "é",
  "label",
  "a".repeat(30),
  "__proto__",
  "\\u0061",
  "b".repeat(300),
  "",
);

/** An object; `space` goes between its tokens. */
function objectText(members: readonly (readonly [string, string])[], space: string): string {
  return `{${members.map(([name, value]) => `${space}"${name}"${space}:${space}${value}${space}`).join(",")}}`;
}
const objectOf = (value: fc.Arbitrary<string>, unique: boolean) =>
  fc.tuple(
    unique
      ? fc.uniqueArray(fc.tuple(names, value), {
          maxLength: 7,
          selector: ([name]) => (name === "\\u0061" ? "a" : name),
        })
      : fc.array(fc.tuple(names, value), { maxLength: 5 }),
    spaces,
  );

test("the module in src is what the assembly becomes", async () => {
  expect(Buffer.from(await compileLineKernel()).toString("base64")).toBe(LINE_KERNEL);
});

test("the kernel stands behind the lanes in their common memory", () => {
  const bytes = Uint8Array.from(atob(LINE_KERNEL), (character) => character.charCodeAt(0));
  const memory = new WebAssembly.Memory({ initial: 240 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, nearest: () => 0 } });
  const { INPUT, LINES_END } = exports as Record<string, WebAssembly.Global>;
  expect(INPUT?.value).toBeGreaterThanOrEqual(LANES_RESERVED);
  expect(LINES_END?.value).toBeLessThan(memory.buffer.byteLength);
});

describe("the kernel and the reference agree", () => {
  test("on objects whose values are plain", async () => {
    const line = objectOf(plainValues, true).map(([members, space]) => objectText(members, space));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 30 }),
        fc.constantFrom("\n", "\r\n", "\n\n \n"),
        fc.constantFrom(64, 4096),
        async (lines, end, readBytes) => {
          expect(codeOf(await expectSame(lines.join(end), { readBytes }))).toBeUndefined();
        },
      ),
      { numRuns: 150 },
    );
  });

  test("on anything that may stand in a line, refusals and their places among it", async () => {
    const line = fc.oneof(
      objectOf(values, false).map(([members, space]) => objectText(members, space)),
      fc.constantFrom(
        "",
        " ",
        "{}",
        "[]",
        "1",
        '{"a":1}}',
        '{"a":1,}',
        '{"a"}',
        '{"a" 1}',
        "{a:1}",
        '{"a":1} x',
        '{"a":1,"a":2}',
        '{"a":1',
        "\ufeff{}",
        '{"a":\r1}',
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 3 }),
        fc.constantFrom("\n", "\r\n"),
        async (lines, end) => {
          await expectSame(`{"a":1,"id":"x"}${end}${lines.join(end)}${end}`);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("on bytes that are no UTF-8, wherever they stand in a vector", async () => {
    const bad = [
      [0x80],
      [0xc0, 0x80],
      [0xc3],
      [0xe0, 0x9f, 0xbf],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x8f, 0xbf, 0xbf],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf5],
      [0xe4, 0xb8],
    ];
    for (const sequence of bad) {
      for (const before of [0, 1, 7, 14, 15, 16, 31]) {
        const value = [...utf8(`{"a":"${"x".repeat(before)}`), ...sequence, ...utf8('"}\n')];
        expect(codeOf(await expectSame(Uint8Array.from(value)))).toBe("invalid-utf8");
        const name = [...utf8(`{"${"x".repeat(before)}`), ...sequence, ...utf8('":1}\n')];
        expect(codeOf(await expectSame(Uint8Array.from(name)))).toBe("invalid-utf8");
      }
    }
  });

  test("on lines as they stand, of JSONL and of text", async () => {
    const line = fc.oneof(
      fc.string({ maxLength: 80 }),
      fc.constantFrom("", "\r", "x".repeat(1013), "y".repeat(1014), "z".repeat(1015), "w".repeat(5000)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 30 }),
        fc.constantFrom("\n", "\r\n"),
        fc.constantFrom(1, 64, 4096),
        async (lines, end, readBytes) => {
          await expectSame(lines.join(end), { readBytes, leafFormat: "raw/v1" });
          await expectSame(lines.join(end), { readBytes, leafFormat: "raw/v1", name: "data.txt" });
          await expectSame(lines.join(end), { readBytes, name: "data.txt" });
        },
      ),
      { numRuns: 60 },
    );
  });

  test("on more names than the kernel holds, in one record and over many", async () => {
    for (const count of [23, 24, 300, 1024, 1025]) {
      const members = Array.from({ length: count }, (_, i) => `"name${i}":${i % 7 === 0 ? "null" : i}`);
      await expectSame(
        `{${members.join(",")}}\n${members.map((member) => `{${member}}`).join("\n")}\n{${members.reverse().join(",")}}\n`,
      );
    }
  });

  test("on kinds that differ, and on a long line", async () => {
    await expectSame('{"a":null,"b":1,"c":true}\n{"a":null,"b":"x","c":null}\n{"d":[1]}\n{"b":2}\n');
    await expectSame(`{"a":"${"é".repeat(700_000)}"}\n{"a":1}\n`);
  });
});

test("the kernel is what does it: no plain object is left to the reference", () => {
  const kernel = fast.kernel.takeLineKernel() as LineKernel;
  const text = Array.from(
    { length: 3000 },
    (_, i) => `{"id": ${i}, "x": ${i / 7}, "text": "é\\n${i}", "none": null, "is": true}\r\n`,
  ).join("");
  const bytes = utf8(text);
  const found = kernel.scan(bytes, 0, bytes.length, 65_536, 1, true);
  expect(found).toBe(3000);
  expect(kernel.jsonLeaves(found)?.length).toBe(32 * 3000);
  expect(kernel.newKinds()).toEqual({ id: "number", x: "number", text: "text", none: "null", is: "boolean" });
  expect(kernel.newKinds()).toEqual({});
  kernel.release();
});
