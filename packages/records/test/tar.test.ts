import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { buildSet, fromHex, sha256, toHex } from "@assay/merkle";
import { describe, expect, it } from "vitest";
import type { Batch, Column, TextColumn } from "../src/batch.js";
import { encodeBatch } from "../src/encode-batch.js";
import { hashSource, readBatches } from "../src/hash-source.js";
import { joinAllKinds, schemaDigest } from "../src/kinds.js";
import { removeRecords } from "../src/remove-records.js";
import type { ScannedSource } from "../src/source.js";
import { codeOf, type InMemory, leavesOf, rootsOf, scanned, utf8 } from "./scan-and-hash.js";

const tar = (bytes: Uint8Array, options: InMemory = {}, path = "shard.tar") => scanned([{ path, bytes }], options);
const FIXTURES = new URL("../../../test/fixtures/tar/", import.meta.url);
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, FIXTURES)));

interface Entry {
  readonly name: string;
  readonly target?: string;
  readonly content?: string | Uint8Array;
  readonly type?: string;
  readonly size?: string | Uint8Array;
  readonly magic?: string;
  readonly prefix?: string;
}

/** An entry as a literal reading of POSIX has it. */
function entry({
  name,
  target = "",
  content = "",
  type = "0",
  size,
  magic = "ustar\x0000",
  prefix = "",
}: Entry): Uint8Array {
  const data = typeof content === "string" ? utf8(content) : content;
  const header = new Uint8Array(512);
  const put = (text: string, at: number): void => header.set(Buffer.from(text, "utf8"), at);
  put(name, 0);
  put("0000644\0", 100);
  const stated = size ?? `${data.length.toString(8).padStart(11, "0")}\0`;
  header.set(typeof stated === "string" ? Buffer.from(stated) : stated, 124);
  put("        ", 148);
  put(type, 156);
  put(target, 157);
  put(magic, 257);
  put(prefix, 345);
  put(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  const padded = new Uint8Array(Math.ceil(data.length / 512) * 512);
  padded.set(data);
  return new Uint8Array(Buffer.concat([header, padded]));
}
const archive = (...entries: readonly (Entry | Uint8Array)[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat([...entries.map((part) => (part instanceof Uint8Array ? part : entry(part))), new Uint8Array(1024)]),
  );
const pax = (records: string, type = "x"): Entry => ({ name: "pax", content: records, type });

async function setOf(source: ScannedSource): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const { leaves } of hashSource(source)) pieces.push(leaves);
  return toHex(buildSet(new Uint8Array(Buffer.concat(pieces))).root);
}

async function failure(bytes: Uint8Array, options: InMemory = {}) {
  return tar(bytes, options).then(
    () => expect.unreachable("It was not refused"),
    ({ code, message, details }) => ({ code, message, ...details }),
  );
}

describe("the vectors of tar", () => {
  const vectors = JSON.parse(
    readFileSync(new URL("../../../test/vectors/assay/files-tar.json", import.meta.url), "utf8"),
  );

  it.each(
    vectors.tars as { why: string; bytes: string; records: string[]; schema: string; root: string; set: string }[],
  )("$why", async ({ bytes, records, schema, root, set }) => {
    const source = await tar(fromHex(bytes));
    const found: string[] = [];
    for await (const { batch } of readBatches(source)) {
      const { arena, offsets } = encodeBatch(batch);
      for (let i = 0; i < batch.length; i++) found.push(toHex(arena.subarray(offsets[i], offsets[i + 1])));
    }
    expect(found).toEqual(records);
    let kinds = {};
    for await (const hashed of hashSource(source)) kinds = joinAllKinds(kinds, hashed.kinds);
    expect(toHex(schemaDigest(kinds))).toBe(schema);
    expect(await rootsOf(source)).toEqual([root]);
    expect(await setOf(source)).toBe(set);
  });

  it.each(
    (vectors.invalid as { why: string; bytes?: string; error: string }[]).filter(({ bytes }) => bytes !== undefined),
  )("refused: $why", async ({ bytes, error }) => {
    expect(await codeOf(tar(fromHex(bytes as string)))).toBe(error);
  });
});

describe("tarReader", () => {
  it.each([
    "gnu.tar",
    "pax.tar",
    "ustar.tar",
    "python-pax.tar",
    "python-gnu.tar",
    "python-ustar.tar",
    "webdataset.tar",
  ])("reads what another program packed: %s", async (name) => {
    const source = await tar(fixture(name));
    const expected = await tar(fixture("ustar.tar"));
    expect(source.records).toBe(6);
    expect(await setOf(source)).toBe(await setOf(expected));
    expect(await setOf(await tar(gzipSync(fixture(name)), {}, "shard.tar.gz"))).toBe(await setOf(expected));
  });

  it("takes long names from pax and GNU headers, and large sizes from base 256", async () => {
    const long = `${"folder/".repeat(40)}name.jpg`;
    const plain = await setOf(await tar(archive({ prefix: `${"folder/".repeat(20)}x`.slice(0, -2), name: "a.b" })));
    expect(plain).toBe(
      await setOf(await tar(archive(pax(paxRecord("path", `${"folder/".repeat(20)}a.b`)), { name: "z" }))),
    );
    const byPax = await tar(archive(pax(paxRecord("path", long)), { name: "cut", content: "x" }));
    const byGnu = await tar(
      archive(
        { name: "././@LongLink", type: "L", content: `${long}\0`, magic: "ustar  \0" },
        { name: "cut", content: "x", magic: "ustar  \0" },
      ),
    );
    expect(await setOf(byGnu)).toBe(await setOf(byPax));
    const inPax = await tar(archive(pax(paxRecord("size", "1")), { name: "a.b", content: "x", size: "00000000000\0" }));
    const inBase256 = await tar(
      archive({ name: "a.b", content: "x", size: Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) }),
    );
    expect(inPax.records).toBe(1);
    expect(inBase256.records).toBe(1);
  });

  it("has no records of folders, links and devices, and other fields in GNU's own form", async () => {
    const bytes = archive(
      { name: "d/", type: "5" },
      { name: "d/link.jpg", type: "2", target: "../a.jpg" },
      pax(paxRecord("linkpath", "./d/../a.jpg")),
      { name: "d/hard.jpg", type: "1", size: "00000000777\0", target: "/elsewhere" },
      { name: "tty", type: "3" },
      { name: "old/", type: "\0" },
      pax(paxRecord("comment", "0123"), "g"),
      { name: "a.jpg", content: "1", magic: "ustar  \0", prefix: "00000000000" },
    );
    const source = await tar(bytes);
    expect(source.records).toBe(1);
    expect(source.files[0]?.index.links).toBe(2);
    expect(await setOf(source)).toBe(await setOf(await tar(archive({ name: "a.jpg", content: "1" }))));
  });

  it.each([
    ["a path outside", archive({ name: "../a.jpg" }), "bad-path"],
    ["an absolute path", archive({ name: "/etc/passwd" }), "bad-path"],
    ["a path outside, in pax", archive(pax(paxRecord("path", "a/../../b.x")), { name: "z" }), "bad-path"],
    ["a name with a line end", archive({ name: "a\nb.jpg" }), "bad-path"],
    ["a backslash", archive({ name: "a\\..\\b.jpg" }), "bad-path"],
    ["a link to an absolute path", archive({ name: "a.x", type: "2", target: "/etc/passwd" }), "bad-path"],
    ["a link out of the archive", archive({ name: "d/a.x", type: "2", target: "../e/../../b.x" }), "bad-path"],
    ["a hard link out of the archive", archive({ name: "d/a.x", type: "1", target: "../b.x" }), "bad-path"],
    [
      "a link out of the archive, in pax",
      archive(pax(paxRecord("linkpath", "../b.x")), { name: "a.x", type: "2", target: "b.x" }),
      "bad-path",
    ],
    [
      "a link out of the archive, by GNU",
      archive({ name: "K", type: "K", content: "C:\\b.x\0" }, { name: "a.x", type: "2", target: "b.x" }),
      "bad-path",
    ],
    ["a link whose own path leads outside", archive({ name: "../a.x", type: "2", target: "b.x" }), "bad-path"],
    ["an extension twice", archive({ name: "a.x" }, { name: "b.x" }, { name: "./a.x" }), "duplicate-key"],
    ["the extension folder", archive({ name: "a.folder" }), "duplicate-key"],
    ["a sparse file", archive({ name: "a.x", type: "S" }), "bad-tar"],
    ["a sparse file of pax", archive(pax(paxRecord("GNU.sparse.major", "1")), { name: "a.x" }), "bad-tar"],
    ["a continued volume", archive({ name: "a.x", type: "M" }), "bad-tar"],
    ["an unknown type", archive({ name: "a.x", type: "Z" }), "bad-tar"],
    ["a size for all", archive(pax(paxRecord("size", "1"), "g"), { name: "a.x" }), "bad-tar"],
    ["a size that is none", archive({ name: "a.x", size: "12345z78901\0" }), "bad-tar"],
    ["a negative size", archive({ name: "a.x", content: "", size: "-0000000001\0" }), "bad-tar"],
    ["a pax size beyond numbers", archive(pax(paxRecord("size", "9".repeat(16))), { name: "a.x" }), "bad-tar"],
    ["pax records that are none", archive(pax("99 path=a\n"), { name: "a.x" }), "bad-tar"],
    ["a header for nothing", archive(pax(paxRecord("path", "a"))), "bad-tar"],
    ["one block of zeros", archive({ name: "a.x" }, new Uint8Array(512), { name: "b.x" }), "bad-tar"],
    ["an extension of many bytes", archive(pax(paxRecord("comment", "x".repeat(70_000))), { name: "a.x" }), "bad-tar"],
    ["what is no archive", utf8("x".repeat(600)), "bad-tar"],
  ])("refuses %s", async (_, bytes, code) => {
    expect(await failure(bytes)).toMatchObject({ code, path: "shard.tar" });
  });

  it("refuses an archive that is cut off anywhere but between members, and one with any bit of a header altered", async () => {
    const bytes = archive({ name: "a.x", content: "x".repeat(700) }, { name: "b.x", content: "y" }).slice(0, 512 * 5);
    for (const end of [...Array.from({ length: 70 }, (_, i) => 37 * i), 512, 1024, 1536, 2048, 2559]) {
      const isBetween = end % 512 === 0 && [0, 3].includes(end / 512);
      expect(await codeOf(tar(bytes.slice(0, end))), `${end}`).toBe(isBetween ? "no error" : "bad-tar");
    }
    for (let at = 0; at < 512; at++) {
      // Behind the zero that ends the sum.
      if (at === 155) continue;
      const altered = bytes.slice();
      altered[at] = (altered[at] as number) ^ 0x40;
      expect(await codeOf(tar(altered)), `${at}`).toBe("bad-tar");
    }
  });

  it("caps members and columns", async () => {
    const bytes = archive({ name: "a.x" }, { name: "a.y" }, { name: "b.x" });
    expect(await failure(bytes, { limits: { maxMembers: 2 } })).toMatchObject({
      code: "limit-exceeded",
      limit: "maxMembers",
    });
    expect(await failure(bytes, { limits: { maxColumns: 2 } })).toMatchObject({
      code: "limit-exceeded",
      limit: "maxColumns",
    });
    expect(await failure(bytes, { schema: { columns: { x: "text" } } })).toMatchObject({ code: "schema-mismatch" });
  });

  it("does not care for the order inside, and sees swapped labels", async () => {
    const members = [
      { name: "d/1.jpg", content: "one" },
      { name: "d/1.cls", content: "0" },
      { name: "d/2.jpg", content: "two" },
      { name: "d/2.cls", content: "1" },
    ] as const;
    const [a, b, c, d] = members;
    const before = await setOf(await tar(archive(...members)));
    for (const order of [
      [d, c, b, a],
      [a, c, b, d],
      [c, d, a, b],
    ])
      expect(await setOf(await tar(archive(...order)))).toBe(before);
    const swapped = await tar(archive(a, { ...b, content: "1" }, c, { ...d, content: "0" }));
    expect(await setOf(swapped)).not.toBe(before);
    expect(await setOf(await tar(archive(a, b, { ...c, name: "e/2.jpg" }, { ...d, name: "e/2.cls" })))).not.toBe(
      before,
    );
  });

  it("gives contents to those who look at them, and refuses what changed", async () => {
    const bytes = archive(
      { name: "1.jpg", content: "one" },
      { name: "1.cls", content: " 7\n" },
      { name: "2.cls", content: "dog" },
    );
    const source = await tar(bytes);
    const columnsOf = async (contents: "none" | "texts" | "all"): Promise<Map<string, Column>> => {
      let batch: Batch | undefined;
      for await (const placed of readBatches(source, { contents })) batch = placed.batch;
      return new Map(batch?.columns.map((column) => [column.name, column]));
    };
    const texts = (await columnsOf("texts")).get("cls") as TextColumn;
    expect([texts.type, Buffer.from(texts.data).toString(), [...texts.offsets]]).toEqual(["text", "7dog", [0, 1, 4]]);
    expect((await columnsOf("texts")).get("jpg")).toMatchObject({ type: "bytes", data: sha256(utf8("one")) });
    expect((await columnsOf("all")).get("jpg")).toMatchObject({
      type: "bytes",
      data: utf8("one"),
      validity: Uint8Array.of(1),
    });
    const moved = {
      ...source,
      files: source.files.map((file) => ({
        ...file,
        file: { ...file.file, content: new Blob([new Uint8Array(bytes.length)]) },
      })),
    };
    const read = async (): Promise<void> => {
      for await (const _ of readBatches(moved, { contents: "all" }));
    };
    expect(await codeOf(read())).toBe("source-changed");
  });

  it("loses records with their headers, and stays an archive", async () => {
    const source = await tar(fixture("python-pax.tar"));
    const before = (await leavesOf(source))[0] as string[];
    const pieces: Uint8Array[] = [];
    for await (const piece of removeRecords(source, 0, [0, 3]) ?? []) pieces.push(piece);
    const child = await tar(new Uint8Array(Buffer.concat(pieces)));
    expect((await leavesOf(child))[0]).toEqual(before.filter((_, i) => i !== 0 && i !== 3));
    const packed = await tar(gzipSync(fixture("python-pax.tar")), {}, "a.tar.gz");
    const left: Uint8Array[] = [];
    for await (const piece of removeRecords(packed, 0, [0, 3]) ?? []) left.push(piece);
    const packedChild = new Uint8Array(Buffer.concat(left));
    expect([packedChild[0], packedChild[1]]).toEqual([0x1f, 0x8b]);
    expect(await leavesOf(await tar(packedChild, {}, "a.tar.gz"))).toEqual(await leavesOf(child));
  });
});

function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (Buffer.byteLength(`${length}${rest}`) !== length) length = Buffer.byteLength(`${length}${rest}`);
  return `${length}${rest}`;
}
