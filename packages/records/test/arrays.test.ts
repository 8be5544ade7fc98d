import { readdirSync, readFileSync } from "node:fs";
import { crc32, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { columnToTexts } from "../src/column-values.js";
import { readBatches } from "../src/hash-source.js";
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

  it("were written", () => expect(files.length).toBe(23));

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

/** A zip archive with deflated members; what it says of them can be a lie. */
function deflatedArchive(
  members: Readonly<Record<string, Uint8Array>>,
  said: { readonly size?: number; readonly crc?: number } = {},
): Uint8Array {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of Object.entries(members)) {
    const data = deflateRawSync(bytes);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(said.crc ?? crc32(bytes), 16);
    entry.writeUInt32LE(data.length, 20);
    entry.writeUInt32LE(said.size ?? bytes.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    local.push(head, Buffer.from(name), data);
    central.push(entry, Buffer.from(name));
    at += 30 + name.length + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(central.length / 2, 8);
  end.writeUInt16LE(central.length / 2, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...local, directory, end]));
}

describe("arrays in several parts", () => {
  const values = Float32Array.from({ length: 140_000 }, (_, i) => i / 2);
  const rows = npy("<f4", "(70000, 2)", new Uint8Array(values.buffer));
  const turned = values.map((_, i) => values[i < 70_000 ? 2 * i : 2 * (i - 70_000) + 1] as number);
  const columns = npy("<f4", "(70000, 2)", new Uint8Array(turned.buffer), "True");

  it("have the same records column by column, as a file and compressed", async () => {
    const expected = (await leavesOf(await read("a.npy", rows)))[0];
    const fortran = await read("a.npy", columns);
    expect(fortran.files[0]?.index.parts.map(({ windows }) => windows.length)).toEqual([2, 2]);
    expect((await leavesOf(fortran))[0]).toEqual(expected);
    const both = await read("a.npz", deflatedArchive({ "values.npy": rows }));
    expect(both.files[0]?.index.parts).toHaveLength(2);
    expect((await leavesOf(both))[0]).toEqual(expected);
    expect((await leavesOf(await read("a.npz", deflatedArchive({ "values.npy": columns }))))[0]).toEqual(expected);
  });

  it("in two members are each read forward, also when only one of them is wanted", async () => {
    const source = await read("a.npz", deflatedArchive({ "a.npy": rows, "b.npy": columns }));
    const texts: string[] = [];
    for await (const { batch } of readBatches(source, { columns: ["b"] }))
      texts.push(...columnToTexts(batch.columns[0] as never).map(String));
    expect([texts.length, texts[0], texts[69_999]]).toEqual([70_000, "[0,0.5]", "[69999,69999.5]"]);
  });
});

describe("compressed arrays that lie", () => {
  const array = npy("|u1", "(200000,)", 200_000);
  it.each([
    ["a member that is longer than it says", { size: 199_000 }, "bad-matrix"],
    ["a member that is shorter than it says", { size: 201_000 }, "bad-matrix"],
    ["another checksum", { crc: 1 }, "bad-compression"],
    ["a bomb", { size: 2 ** 31 }, "limit-exceeded"],
  ])("%s", async (_, said, code) => {
    expect(await codeOf(read("a.npz", deflatedArchive({ "a.npy": array }, said)))).toBe(code);
  });

  it("are read no further than they say, and cut off nowhere", async () => {
    const bytes = deflatedArchive({ "a.npy": array });
    for (let at = 40; at < bytes.length - 90; at += 7) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] as number) ^ 0x55;
      expect(["bad-matrix", "bad-compression"], `${at}`).toContain(
        await codeOf(read("a.npz", damaged).then((source) => leavesOf(source))),
      );
    }
  });
});

describe("arrays that are refused", () => {
  it.each([
    ["an array without an axis", "a.npy", npy("<f8", "()", 8), "bad-matrix"],
    ["records of nothing", "a.npy", npy("<f8", "(1000000000, 0)", 0), "bad-matrix"],
    ["Fortran order, cut off", "a.npy", npy("<f8", "(2, 3)", 47, "True"), "bad-matrix"],
    ["too many columns one by one", "a.npy", npy("|u1", "(269, 250001)", 269 * 250_001, "True"), "bad-matrix"],
    ["data that is cut off", "a.npy", npy("<f8", "(2, 3)", 47), "bad-matrix"],
    ["bytes behind", "a.npy", npy("<f8", "(2, 3)", 49), "bad-matrix"],
    ["a shape beyond numbers", "a.npy", npy("<f8", "(9999999999999999, 9999999999999999)", 48), "bad-matrix"],
    ["Python objects", "a.npy", npy("|O", "(2,)", 16), "bad-matrix"],
    ["a boolean that is none", "a.npy", npy("|b1", "(2,)", Uint8Array.of(1, 2)), "bad-value"],
    ["what is no archive", "a.npz", utf8("x".repeat(100)), "bad-matrix"],
    ["arrays compressed in another way", "a.npz", fixture("broken/bzip2.npz"), "bad-matrix"],
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
      tensors('{"a":{"dtype":"F8_E8M0","shape":[1],"data_offsets":[0,1]}}', 1),
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

  it("an archive whose fields of 64 bits lie", async () => {
    const bytes = fixture("zip64.npz");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const last = bytes.length - 22;
    const list = Number(view.getBigUint64(last - 76 + 48, true));
    let refused = 0;
    for (let at = list; at < bytes.length - 2; at++) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] as number) ^ 0x81;
      const found = await codeOf(read("a.npz", damaged).then(leavesOf));
      // Versions, dates, attributes and the letters of names may be others.
      expect(["bad-matrix", "bad-compression", "limit-exceeded", "no error"], `${at}`).toContain(found);
      if (found !== "no error") refused++;
    }
    expect(refused).toBeGreaterThan(130);
    const huge = bytes.slice();
    new DataView(huge.buffer).setBigUint64(last - 76 + 40, 2n ** 63n, true);
    expect(await failure("a.npz", huge)).toMatchObject({
      code: "bad-matrix",
      message: expect.stringContaining("it states 9223372036854775808 bytes"),
    });
  });

  it("a head of safetensors that has a tensor twice, naming the file", async () => {
    const tensor = '"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}';
    const head = utf8(`{${tensor},${tensor}}`);
    const length = new Uint8Array(new BigUint64Array([BigInt(head.length)]).buffer);
    await expect(
      read("a.safetensors", new Uint8Array(Buffer.concat([length, head, Buffer.alloc(1)]))),
    ).rejects.toMatchObject({ code: "duplicate-key", message: expect.stringMatching(/^a\.safetensors, its head: /) });
  });
});
