import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { codeOf, type InMemory, leavesOf, scanned, utf8 } from "./scan-and-hash.js";

const FIXTURES = new URL("../../../test/fixtures/arrays/", import.meta.url);
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, FIXTURES)));
const read = (path: string, bytes: Uint8Array, options: InMemory = {}) => scanned([{ path, bytes }], options);

async function failure(path: string, bytes: Uint8Array, options: InMemory = {}) {
  return read(path, bytes, options)
    .then(leavesOf)
    .then(
      () => expect.unreachable("It was not refused"),
      ({ code, message, details }) => ({ code, message, ...details }),
    );
}

/** A safetensors file with this head. */
function tensors(head: string, data: number): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(head)));
  return new Uint8Array(Buffer.concat([length, Buffer.from(head), Buffer.alloc(data)]));
}

/** A `.npy` file with this description and shape. */
function npy(description: string, shape: string, data: Uint8Array | number, fortran = "False"): Uint8Array {
  const literal = `{'descr': '${description}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, literal.length & 0xff, literal.length >> 8]);
  return new Uint8Array(
    Buffer.concat([head, Buffer.from(literal), typeof data === "number" ? Buffer.alloc(data) : data]),
  );
}

describe("arrays that others wrote have the leaves of the same values in JSONL", () => {
  const files = readdirSync(FIXTURES).filter((name) => /\.(?:npy|npz|safetensors)$/.test(name));

  it("were written", () => expect(files.length).toBe(17));

  it.each(files)("%s", async (name) => {
    const lines = fixture(`${name}.jsonl`);
    const source = await read(name, fixture(name));
    expect(source.files[0]?.index.format).toBe(name.slice(name.lastIndexOf(".") + 1));
    expect(source.records).toBeGreaterThan(0);
    // JSON has no NaN and no singles: the columns' types say how its texts are read.
    const schema = { columns: source.reading.types as never };
    expect(await leavesOf(source)).toEqual(await leavesOf(await read("a.jsonl", lines, { schema })));
  });

  it("is cut into parts that change nothing", async () => {
    const values = Float32Array.from({ length: 140_000 }, (_, i) => i / 2);
    const source = await read("a.npy", npy("<f4", "(70000, 2)", new Uint8Array(values.buffer)));
    expect(source.files[0]?.index.parts.map(({ begin, end }) => [begin, end])).toEqual([
      [0, 65_536],
      [65_536, 70_000],
    ]);
    const lines = Array.from({ length: 70_000 }, (_, i) => `{"values":[${i},${i + 0.5}]}`).join("\n");
    expect(await leavesOf(source)).toEqual(await leavesOf(await read("a.jsonl", utf8(lines))));
  });
});

describe("arrays that are refused", () => {
  it.each([
    ["an array without an axis", "a.npy", npy("<f8", "()", 8), "bad-matrix"],
    ["records of nothing", "a.npy", npy("<f8", "(1000000000, 0)", 0), "bad-matrix"],
    ["Fortran order", "a.npy", npy("<f8", "(2, 3)", 48, "True"), "bad-matrix"],
    ["data that is cut off", "a.npy", npy("<f8", "(2, 3)", 47), "bad-matrix"],
    ["bytes behind", "a.npy", npy("<f8", "(2, 3)", 49), "bad-matrix"],
    ["a shape beyond numbers", "a.npy", npy("<f8", "(9999999999999999, 9999999999999999)", 48), "bad-matrix"],
    ["Python objects", "a.npy", npy("|O", "(2,)", 16), "bad-matrix"],
    ["a boolean that is none", "a.npy", npy("|b1", "(2,)", Uint8Array.of(1, 2)), "bad-value"],
    ["what is no archive", "a.npz", utf8("x".repeat(100)), "bad-matrix"],
    ["compressed arrays", "a.npz", fixture("broken/compressed.npz"), "bad-matrix"],
    ["arrays of different length", "a.npz", fixture("broken/ragged.npz"), "ragged-record"],
    ["members that are no arrays", "a.npz", fixture("broken/other.npz"), "bad-matrix"],
    ["a head that is too long", "a.safetensors", new Uint8Array(8).fill(0xff), "bad-matrix"],
    ["no tensors", "a.safetensors", tensors("{}", 0), "bad-matrix"],
    ["a head that is no object", "a.safetensors", tensors("[]", 0), "bad-matrix"],
    [
      "a tensor twice",
      "a.safetensors",
      tensors('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":1}', 1),
      "duplicate-key",
    ],
    [
      "another member",
      "a.safetensors",
      tensors('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}', 1),
      "bad-matrix",
    ],
    ["a gap", "a.safetensors", tensors('{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', 2), "bad-matrix"],
    [
      "an overlap",
      "a.safetensors",
      tensors(
        '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
        3,
      ),
      "bad-matrix",
    ],
    [
      "data that is missing",
      "a.safetensors",
      tensors('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}', 1),
      "bad-matrix",
    ],
    ["data behind", "a.safetensors", tensors('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}', 3), "bad-matrix"],
    [
      "offsets that do not fit the shape",
      "a.safetensors",
      tensors('{"a":{"dtype":"U16","shape":[2],"data_offsets":[0,2]}}', 2),
      "bad-matrix",
    ],
    [
      "negative lengths",
      "a.safetensors",
      tensors('{"a":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}', 1),
      "bad-matrix",
    ],
    [
      "no numbers",
      "a.safetensors",
      tensors('{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', 1),
      "unsupported-type",
    ],
    ["scalars", "a.safetensors", tensors('{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', 1), "bad-matrix"],
  ])("%s", async (_, path, bytes, code) => {
    const found = await failure(path, bytes);
    expect(found.code).toBe(code);
    if (code !== "duplicate-key") expect(found.path).toBe(path);
  });

  it("caps columns, and the bytes of a record", async () => {
    expect(await failure("a.npz", fixture("two.npz"), { limits: { maxColumns: 1 } })).toMatchObject({
      limit: "maxColumns",
    });
    expect(await failure("a.npy", npy("<f8", "(1, 100)", 800), { limits: { maxGroupBytes: 100 } })).toMatchObject({
      limit: "maxGroupBytes",
    });
  });

  it("an archive that is cut off, or damaged in its list", async () => {
    const bytes = fixture("two.npz");
    for (let end = 0; end < bytes.length; end += 11)
      expect(await codeOf(read("a.npz", bytes.slice(0, end)).then(leavesOf)), `${end}`).toBe("bad-matrix");
  });
});
