import { appendFile, mkdir, mkdtemp, rename, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashSource } from "../src/hash-source.js";
import { openBytes } from "../src/local-file.js";
import { openSource } from "../src/open-source.js";
import { scanSource } from "../src/scan-source.js";
import { codeOf } from "./scan-and-hash.js";

let folder = "";
const at = (...path: string[]) => join(folder, ...path);
async function put(path: string, content: string | Uint8Array = "a,b\n1,2\n"): Promise<string> {
  await mkdir(join(at(path), ".."), { recursive: true });
  await writeFile(at(path), content);
  return at(path);
}
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "assay-")), "data");
  await mkdir(folder);
});
afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

const pathsOf = async (...args: Parameters<typeof openSource>) =>
  (await openSource(...args)).files.map(({ path }) => path);

describe("openSource()", () => {
  it("names the argument that is no array", async () => {
    await expect(openSource("a-b.csv" as unknown as string[])).rejects.toThrow(
      new TypeError('inputs must be an array of texts: files, folders, globs, URLs or "-"'),
    );
  });

  it("takes a folder as the root: hidden files in, *.assay folders out, ascending by UTF-8 bytes", async () => {
    for (const path of [
      "b.csv",
      "a/z.csv",
      "a.csv",
      ".hidden.csv",
      "x.assay/manifest.json",
      "y.assay",
      "\u{1f600}.csv",
      "\uffee.csv",
    ])
      await put(path);
    const source = await openSource([folder]);
    expect(source.name).toBe("data");
    expect(source.files.map(({ path }) => path)).toEqual([
      ".hidden.csv",
      "a.csv",
      "a/z.csv",
      "b.csv",
      "y.assay",
      "\uffee.csv",
      "\u{1f600}.csv",
    ]);
  });
  it("takes what a glob matches below the folder in front of its first star, hidden files only when it says so", async () => {
    for (const path of [
      "a.csv",
      "b.csv",
      "c.txt",
      "deep/a.csv",
      "deep/er/b.csv",
      ".hidden.csv",
      "deep/.x/c.csv",
      "y.assay/a.csv",
    ])
      await put(path);
    expect(await pathsOf([at("*.csv")])).toEqual(["a.csv", "b.csv"]);
    expect(await pathsOf([at("**/*.csv")])).toEqual(["a.csv", "b.csv", "deep/a.csv", "deep/er/b.csv"]);
    expect(await pathsOf([at("deep/**/b*")])).toEqual(["er/b.csv"]);
    expect(await pathsOf([at("**/**/a.csv")])).toEqual(["a.csv", "deep/a.csv"]);
    expect(await pathsOf([at("d*/a.csv"), at("c.txt")])).toEqual(["c.txt", "deep/a.csv"]);
    expect(await pathsOf([at("**/.x/*")])).toEqual(["deep/.x/c.csv"]);
    expect(await pathsOf([at("**")], { ignore: ["**a.csv"] })).toEqual(["b.csv", "c.txt", "deep/er/b.csv"]);
    expect((await openSource([at("**/*.csv")])).name).toBe("data");
    expect(await codeOf(openSource([at("*.parquet")]))).toBe("not-found");
    expect(await codeOf(openSource([at("nothing/*.csv")]))).toBe("not-found");
    // What exists under exactly this name is no glob.
    await put("*.csv");
    expect(await pathsOf([at("*.csv")])).toEqual(["*.csv"]);
  });
  it("takes pictures for records where nothing else is one", async () => {
    for (const path of ["cat/1.jpg", "dog/2.PNG", "README.rst"]) await put(path, "x");
    const formatsOf = async () => (await openSource([folder])).files.map(({ path, format }) => `${path} ${format}`);
    expect(await formatsOf()).toEqual(["README.rst other", "cat/1.jpg files", "dog/2.PNG files"]);
    await put("labels.csv");
    expect(await formatsOf()).toEqual(["README.rst other", "cat/1.jpg other", "dog/2.PNG other", "labels.csv csv"]);
  });
  it("says which files of a folder are not read", async () => {
    await put("a.csv");
    expect((await openSource([folder])).warnings).toEqual([]);
    for (const name of ["1", "2", "3", "4"]) await put(`${name}.bin`);
    expect((await openSource([folder])).warnings).toEqual([
      "4 of 5 files have no format that is read (1.bin, 2.bin, 3.bin, …): their bytes are in the data set, and no records of them",
    ]);
    expect((await openSource([at("*.bin")])).warnings).toEqual([expect.stringMatching(/say that the format is files/)]);
  });
  it("takes the folder of a file, and the deepest common folder of several", async () => {
    const [a, b] = [await put("p/q/a.csv"), await put("p/r/b.csv")];
    expect(await openSource([a])).toMatchObject({ name: "a", files: [{ path: "a.csv" }] });
    expect(await openSource([a, b])).toMatchObject({ name: "p", files: [{ path: "q/a.csv" }, { path: "r/b.csv" }] });
    expect(await pathsOf([at("p", "q"), at("p", "r")])).toEqual(["q/a.csv", "r/b.csv"]);
    expect(await pathsOf([at("p", "q"), a])).toEqual(["a.csv"]);
    expect(await pathsOf([folder, a, a])).toEqual(["p/q/a.csv", "p/r/b.csv"]);
  });
  it("leaves out *.assay folders and ignored files that a shell named beside the data", async () => {
    for (const path of ["a.csv", "b.md", "a.assay/manifest.json"]) await put(path);
    const source = await openSource([at("a.csv"), at("b.md"), at("a.assay")], { ignore: ["*.md"] });
    expect(source.files.map(({ path }) => path)).toEqual(["a.csv"]);
    expect(source.warnings).toEqual([expect.stringContaining("a.assay")]);
  });
  it("leaves out what patterns match", async () => {
    for (const path of ["a.csv", "b.bak", "c/d.bak", "tmp/x/y.csv"]) await put(path);
    const source = await openSource([folder], { ignore: ["tmp/**", "**.bak"] });
    expect(source.files.map(({ path }) => path)).toEqual(["a.csv"]);
    expect(source.ignored).toEqual(["**.bak", "tmp/**"]);
  });
  it("tells formats by name, then by content; what nobody knows is other in a folder and refused when named", async () => {
    await put("a.CSV");
    await put("a.tsv");
    await put("b", '{"a":1}\n{"a":2}\n');
    await put("c.json", '{\n"a":1}\n');
    await put("d.bin", "PAR1....");
    await put("e", "ARROW1\0\0");
    await put("f.ndjson", "");
    await put("g.txt", "PAR1");
    const { files } = await openSource([folder]);
    expect(files.map(({ format }) => format)).toEqual([
      "csv",
      "tsv",
      "jsonl",
      "other",
      "parquet",
      "arrow",
      "jsonl",
      "text",
    ]);
    await expect(openSource([at("c.json")])).rejects.toMatchObject({
      code: "unknown-format",
      message: expect.stringContaining("parquet"),
    });
    expect(await openSource([at("c.json")], { format: "text" })).toMatchObject({ files: [{ format: "text" }] });
    expect(await codeOf(openSource([at("c.json")], { format: "xls" as never }))).toBe("unknown-format");
  });
  it("follows links inside the root, refuses others and circles", async () => {
    await put("a/x.csv");
    await symlink(at("a"), at("b"));
    await symlink(at("a", "x.csv"), at("y.csv"));
    expect(await pathsOf([folder])).toEqual(["a/x.csv", "b/x.csv", "y.csv"]);
    await put("../outside.csv");
    await symlink(at("..", "outside.csv"), at("out.csv"));
    await expect(openSource([folder])).rejects.toMatchObject({
      code: "link-leaves-root",
      details: { path: "out.csv" },
    });
    expect(await pathsOf([folder], { ignore: ["out.csv"] })).toEqual(["a/x.csv", "b/x.csv", "y.csv"]);
    await rm(at("out.csv"));
    await symlink(at("a"), at("a", "loop"));
    expect(await codeOf(openSource([folder]))).toBe("link-loop");
    await rm(at("a", "loop"));
    await symlink("self", at("self"));
    expect(await codeOf(openSource([folder]))).toBe("link-loop");
    await rm(at("self"));
    await symlink("nothing", at("dangling"));
    expect(await codeOf(openSource([folder]))).toBe("not-found");
  });
  it("warns of paths that differ only in case or Unicode form, and refuses them when asked", async () => {
    await put("A.csv");
    await put("a.csv");
    await put("\u00c5.csv");
    await put("A\u030a.csv");
    expect((await openSource([folder])).warnings).toHaveLength(2);
    expect(await codeOf(openSource([folder], { strictPaths: true }))).toBe("path-collision");
  });
  it("says what is wrong with what was named", async () => {
    expect(await codeOf(openSource([at("nothing.csv")]))).toBe("not-found");
    expect(await codeOf(openSource([]))).toBeInstanceOf(RangeError);
    expect(await codeOf(openSource(["-"]))).toBe("cannot-read");
    expect(await codeOf(openSource(["/dev/null"]))).toBe("cannot-read");
    expect((await openSource([folder])).warnings).toEqual([expect.stringContaining("holds no files")]);
    await put("bad\\name.csv");
    expect(await codeOf(openSource([folder]))).toBe("bad-path");
  });
  it("refuses more than maxFiles, schemas and dialects that are none", async () => {
    await put("a.csv");
    await put("b.csv");
    expect(await codeOf(openSource([folder], { maxFiles: 1 }))).toBe("limit-exceeded");
    expect(await codeOf(openSource([folder], { schema: { columns: { a: "int7" as never } } }))).toBe("bad-schema");
    expect(await codeOf(openSource([folder], { dialect: { delimiter: "ab" } }))).toBe("bad-dialect");
    expect((await openSource([folder], { dialect: { delimiter: "," } })).dialect).toEqual({});
    const { schema } = await openSource([folder], { schema: { nullValues: ["NA"] }, nullValues: ["-", "NA"] });
    expect(schema.nullValues).toEqual(["NA", "-"]);
  });
});

describe("openBytes()", () => {
  const reading = async () => {
    const source = await openSource([at("a.csv")]);
    const bytes = openBytes(source.files[0]!);
    return { source, bytes, close: () => bytes.close?.() };
  };
  it("reads ranges, and lets go", async () => {
    await put("a.csv");
    const { bytes, close } = await reading();
    expect(new TextDecoder().decode(await bytes.read(2, 5))).toBe("b\n1");
    await bytes.check?.();
    await close();
  });
  it("refuses a file that was written to, replaced or cut since it was listed", async () => {
    const changes: (() => Promise<void>)[] = [
      () => appendFile(at("a.csv"), "3,4\n"),
      () => truncate(at("a.csv"), 3),
      () => utimes(at("a.csv"), 1, 1),
      async () => {
        await put("new.csv");
        await rename(at("new.csv"), at("a.csv"));
      },
    ];
    for (const change of changes) {
      await put("a.csv");
      const before = await reading();
      await change();
      expect(await codeOf(before.bytes.read(0, 1))).toBe("source-changed");
      await put("a.csv");
      const between = await reading();
      await between.bytes.read(0, 1);
      await change();
      expect(await codeOf(between.bytes.check!())).toBe("source-changed");
      await between.close();
    }
  });
  it("says when a file is gone", async () => {
    await put("a.csv");
    const { bytes } = await reading();
    await rm(at("a.csv"));
    expect(await codeOf(bytes.read(0, 1))).toBe("not-found");
    const { source } = await (async () => ({
      source: { path: "x", format: "csv", size: 1, location: folder, identity: "" } as const,
    }))();
    expect(await codeOf(openBytes(source).read(0, 1))).toBe("source-changed");
  });
});

describe("a scanned source", () => {
  it("whose file changes before it is hashed is refused as source-changed, even with its time put back", async () => {
    await put("a.csv");
    await utimes(at("a.csv"), 1, 1);
    const scanned = await scanSource(await openSource([folder]));
    await writeFile(at("a.csv"), "a,b\n1,3\n");
    await utimes(at("a.csv"), 1, 1);
    await expect(async () => {
      for await (const _ of hashSource(scanned));
    }).rejects.toMatchObject({ code: "source-changed" });
  });
  it("of other files has their digests and no records", async () => {
    await put("a.bin", Uint8Array.of(1, 2, 3));
    const { files, records } = await scanSource(await openSource([folder]));
    expect(records).toBe(0);
    expect(files[0]?.index).toMatchObject({
      format: "other",
      bytes: "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81",
    });
  });
});
