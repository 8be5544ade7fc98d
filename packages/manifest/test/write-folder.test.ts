import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFolder } from "../src/node/lock.js";
import { openFolderReader } from "../src/node/read-folder.js";
import { systemError } from "../src/node/system-error.js";
import { recoverFolder, writeFolder } from "../src/node/write-folder.js";
import { codeOf } from "./vectors.js";

let place: string;
let dir: string;
/** Where the folder is locked and replaced. */
let work: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "assay-folder-"));
  dir = join(place, "x.assay");
  work = join(place, ".x.assay.work.assay");
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const utf8 = (text: string) => new TextEncoder().encode(text);
const filesOf = (manifest: string, others: Record<string, string> = {}) =>
  new Map([...Object.entries(others), ["manifest.json", manifest]].map(([path, text]) => [path!, utf8(text!)]));
const read = (path: string) => readFileSync(join(dir, path), "utf8");

/** Files of a folder by path, for making the states that a crash leaves. */
function put(folder: string, files: Record<string, string>) {
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
}

describe("writeFolder()", () => {
  it("writes all files, and nothing beside", async () => {
    await writeFolder(dir, filesOf("1", { "set/0/a.page": "p", "files.jsonl": "f" }));
    expect(read("set/0/a.page")).toBe("p");
    expect(read("manifest.json")).toBe("1");
    expect(readdirSync(place)).toEqual(["x.assay"]);
  });

  it("takes files that come one after another, in pieces", async () => {
    async function* files() {
      yield {
        path: "a",
        bytes: (async function* () {
          yield utf8("1");
          yield utf8("2");
        })(),
      };
      yield { path: "manifest.json", bytes: utf8("m") };
    }
    await writeFolder(join(place, "deep/er/x.assay"), files());
    expect(readFileSync(join(place, "deep/er/x.assay/a"), "utf8")).toBe("12");
  });

  it("refuses an existing folder with another manifest, unless told to overwrite", async () => {
    await writeFolder(dir, filesOf("1", { a: "a" }));
    expect(await codeOf(() => writeFolder(dir, filesOf("2")))).toBe("exists");
    expect(read("a")).toBe("a");
    await writeFolder(dir, filesOf("2"), { overwrite: true });
    expect(read("manifest.json")).toBe("2");
    expect(existsSync(join(dir, "a"))).toBe(false);
    expect(readdirSync(place)).toEqual(["x.assay"]);
  });

  it("keeps what others added to a folder with the same manifest", async () => {
    await writeFolder(dir, filesOf("1", { a: "old", "attestations.intoto.jsonl": "theirs", "signers/k.pem": "k" }));
    await writeFolder(dir, filesOf("1", { a: "new" }));
    expect([read("a"), read("attestations.intoto.jsonl"), read("signers/k.pem")]).toEqual(["new", "theirs", "k"]);
    await writeFolder(dir, filesOf("1", { a: "new" }), { keepExisting: (path) => path.startsWith("signers/") });
    expect(existsSync(join(dir, "attestations.intoto.jsonl"))).toBe(false);
    expect(read("signers/k.pem")).toBe("k");
  });

  it("does so too where the folder is named from the current one", async () => {
    const named = relative(process.cwd(), dir);
    await writeFolder(named, filesOf("1", { a: "old", "signers/k.pem": "k" }));
    await writeFolder(named, filesOf("1", { a: "new" }));
    expect([read("a"), read("signers/k.pem")]).toEqual(["new", "k"]);
  });

  it("never replaces what is no Assay folder", async () => {
    put(dir, { "thesis.tex": "years of work" });
    expect(await codeOf(() => writeFolder(dir, filesOf("1"), { overwrite: true }))).toBe("exists");
    rmSync(dir, { recursive: true });
    writeFileSync(dir, "a file");
    expect(await codeOf(() => writeFolder(dir, filesOf("1"), { overwrite: true }))).toBe("exists");
    rmSync(dir);
    put(join(place, "elsewhere"), { "manifest.json": "1" });
    symlinkSync(join(place, "elsewhere"), dir);
    expect(await codeOf(() => writeFolder(dir, filesOf("1"), { overwrite: true }))).toBe("exists");
    rmSync(dir);
    mkdirSync(dir);
    await writeFolder(dir, filesOf("1"));
    expect(read("manifest.json")).toBe("1");
  });

  it("leaves nothing behind when it is stopped or fails, and the old folder as it was", async () => {
    await writeFolder(dir, filesOf("1", { a: "a" }));
    const controller = new AbortController();
    async function* stopped() {
      yield { path: "b", bytes: utf8("b") };
      controller.abort(new Error("enough"));
      yield { path: "manifest.json", bytes: utf8("2") };
    }
    await expect(writeFolder(dir, stopped(), { overwrite: true, signal: controller.signal })).rejects.toThrow("enough");
    async function* failing() {
      yield { path: "b", bytes: utf8("b") };
      throw new Error("no more");
    }
    await expect(writeFolder(dir, failing(), { overwrite: true })).rejects.toThrow("no more");
    const fresh = join(place, "new/y.assay");
    await expect(writeFolder(fresh, failing())).rejects.toThrow("no more");
    expect(readdirSync(place)).toEqual(["x.assay"]);
    expect(readdirSync(dir).sort()).toEqual(["a", "manifest.json"]);
  });

  it("refuses paths that leave the folder or that Windows would change", async () => {
    for (const [path, code] of [
      ["../a", "bad-path"],
      ["/a", "bad-path"],
      ["nul", "unwritable-path"],
    ] as const) {
      expect(await codeOf(() => writeFolder(dir, new Map([[path, utf8("")]])))).toBe(code);
    }
    await expect(
      writeFolder(dir, [
        { path: "a", bytes: utf8("") },
        { path: "a", bytes: utf8("") },
      ]),
    ).rejects.toThrow(RangeError);
    expect(readdirSync(place)).toEqual([]);
  });

  it("keeps a second run out, and says which process is there", async () => {
    const lock = await lockFolder(dir);
    await expect(writeFolder(dir, filesOf("1"))).rejects.toMatchObject({
      code: "locked",
      details: { pid: process.pid },
    });
    await writeFolder(dir, filesOf("1"), { lock });
    await lock.release();
    await lock.release();
    expect(readdirSync(place)).toEqual(["x.assay"]);
    await expect(writeFolder(join(place, "y.assay"), filesOf("1"), { lock })).rejects.toThrow(RangeError);
  });

  it("breaks the lock of a process that is gone, and says so", async () => {
    const gone = spawn(process.execPath, ["-e", ""]);
    await once(gone, "exit");
    mkdirSync(work);
    writeFileSync(join(work, "lock"), `${JSON.stringify({ pid: gone.pid, host: hostname() })}\n`);
    const notes: string[] = [];
    await writeFolder(dir, filesOf("1"), { onNote: (note) => notes.push(note) });
    expect(notes.join()).toContain(`process ${gone.pid}`);
    for (const text of [JSON.stringify({ pid: gone.pid, host: "elsewhere" }), "{}", "half a l"]) {
      mkdirSync(work, { recursive: true });
      writeFileSync(join(work, "lock"), text);
      expect(await codeOf(() => writeFolder(dir, filesOf("1"))), text).toBe("locked");
    }
  });

  it("breaks a lock that stays empty, and waits for who is about to name itself", async () => {
    mkdirSync(work);
    writeFileSync(join(work, "lock"), "");
    const notes: string[] = [];
    await writeFolder(dir, filesOf("1"), { onNote: (note) => notes.push(note) });
    expect(notes.join()).toContain("ended before it named itself");
    mkdirSync(work);
    writeFileSync(join(work, "lock"), "");
    const waiting = codeOf(() => writeFolder(dir, filesOf("1")));
    writeFileSync(join(work, "lock"), `${JSON.stringify({ pid: process.pid, host: hostname() })}\n`);
    expect(await waiting).toBe("locked");
  });
});

describe("recoverFolder()", () => {
  const before = { "manifest.json": "old" };
  const now = { "manifest.json": "new" };
  const states: [string, Record<string, Record<string, string>>, string | undefined][] = [
    ["while writing, the first time", { ".x.assay.work.assay/writing": { half: "" } }, undefined],
    ["while writing, with an old folder", { "x.assay": before, ".x.assay.work.assay/writing": { half: "" } }, "old"],
    ["before the old folder was moved", { "x.assay": before, ".x.assay.work.assay/complete": now }, "old"],
    ["between the two renames", { ".x.assay.work.assay/replaced": before, ".x.assay.work.assay/complete": now }, "new"],
    ["before the old folder was removed", { "x.assay": now, ".x.assay.work.assay/replaced": before }, "new"],
    ["and the complete one was lost", { ".x.assay.work.assay/replaced": before }, "old"],
  ];

  it.each(states)("leaves the old folder or the new one after a crash %s", async (_, folders, expected) => {
    for (const [name, files] of Object.entries(folders)) put(join(place, name), files);
    expect((await recoverFolder(dir)).length).toBeGreaterThan(0);
    expect(existsSync(dir) ? read("manifest.json") : undefined).toBe(expected);
    expect(readdirSync(place)).toEqual(expected === undefined ? [] : ["x.assay"]);
    expect(await recoverFolder(dir)).toEqual([]);
  });

  it.each(states)("is what reading and writing begin with: %s", async (_, folders, expected) => {
    for (const [name, files] of Object.entries(folders)) put(join(place, name), files);
    const notes: string[] = [];
    if (expected === undefined) expect(await codeOf(() => openFolderReader(dir))).toBe("not-found");
    else {
      const folder = await openFolderReader(dir, { onNote: (note) => notes.push(note) });
      expect(await folder.read("manifest.json")).toEqual(new Uint8Array(Buffer.from(expected)));
      expect(notes.length).toBeGreaterThan(0);
    }
    for (const [name, files] of Object.entries(folders)) put(join(place, name), files);
    await writeFolder(dir, filesOf("third"), { overwrite: true });
    expect(readdirSync(place)).toEqual(["x.assay"]);
    expect(read("manifest.json")).toBe("third");
  });
});

describe("openFolderReader()", () => {
  it("reads and lists", async () => {
    await writeFolder(dir, filesOf("1", { "set/0.page": "p", B: "", a: "" }));
    const folder = await openFolderReader(dir);
    expect(await folder.list()).toEqual(["B", "a", "manifest.json", "set/0.page"]);
    expect(await folder.read("set/0.page")).toEqual(new Uint8Array([0x70]));
    expect(await folder.read("set/1.page")).toBeUndefined();
    expect(await folder.read("a/b")).toBeUndefined();
    expect(await codeOf(() => folder.read("manifest.json", { maxBytes: 0 }))).toBe("limit-exceeded");
    expect(await codeOf(() => folder.read("../x"))).toBe("bad-path");
    expect(await codeOf(() => folder.read("set"))).toBe("is-a-directory");
  });

  it("refuses links that leave the folder, and what is no file", async () => {
    await writeFolder(dir, filesOf("1"));
    writeFileSync(join(place, "secret"), "s");
    symlinkSync(join(place, "secret"), join(dir, "out"));
    symlinkSync(place, join(dir, "up"));
    symlinkSync("manifest.json", join(dir, "in"));
    symlinkSync("round", join(dir, "round"));
    const folder = await openFolderReader(dir);
    expect(await codeOf(() => folder.read("out"))).toBe("link-leaves-root");
    expect(await codeOf(() => folder.read("up/secret"))).toBe("link-leaves-root");
    expect(await folder.read("in")).toEqual(new Uint8Array([0x31]));
    expect(await codeOf(() => folder.read("round"))).toBe("link-loop");
    if (process.platform !== "win32") {
      execFileSync("mkfifo", [join(dir, "pipe")]);
      expect(await codeOf(() => folder.read("pipe"))).toBe("cannot-read");
    }
    expect(await codeOf(() => openFolderReader(join(place, "secret")))).toBe("cannot-read");
    expect(await codeOf(() => openFolderReader(join(place, "none")))).toBe("not-found");
  });
});

describe("systemError()", () => {
  it("calls a full disk disk-full", async () => {
    const handle = await open("/dev/full", "w");
    const error = await handle.writeFile("x").catch((caught: unknown) => caught);
    await handle.close();
    expect(systemError(error, "write", "/dev/full")).toMatchObject({ name: "SourceError", code: "disk-full" });
  });

  it("names what to do next, and leaves other errors alone", () => {
    const system = (code: string) => Object.assign(new Error(code), { code, syscall: "open" });
    const codes = [
      ["EACCES", "permission-denied"],
      ["EROFS", "cannot-write"],
      ["EDQUOT", "disk-full"],
      ["EIO", "cannot-write"],
    ] as const;
    for (const [name, code] of codes) expect(systemError(system(name), "write", "x")).toMatchObject({ code });
    expect(systemError(system("ENOENT"), "read", "x")).toMatchObject({ code: "not-found" });
    expect(systemError(system("EIO"), "read", "x")).toMatchObject({ code: "cannot-read" });
    const bug = new TypeError("a bug");
    expect(systemError(bug, "read", "x")).toBe(bug);
  });
});

describe("a process that is killed while it replaces a folder", () => {
  const dist = new URL("../dist/node.js", import.meta.url);

  // Needs the built package: a process of its own cannot run TypeScript.
  it("leaves the old folder or the new one, whole", async () => {
    const script = `
      const { writeFolder } = await import(${JSON.stringify(dist.href)});
      for (let turn = 0; ; turn++) {
        const files = new Map([["manifest.json", new TextEncoder().encode(String(turn))]]);
        for (let i = 0; i < 20; i++) files.set("part/" + i, new TextEncoder().encode(String(turn)));
        await writeFolder(${JSON.stringify(dir)}, files, { overwrite: true });
        if (turn === 0) console.log("begun");
      }`;
    for (let attempt = 0; attempt < 4; attempt++) {
      const writer = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(writer.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, 13 * attempt + 5));
      writer.kill("SIGKILL");
      await once(writer, "exit");
      const folder = await openFolderReader(dir);
      const turn = new TextDecoder().decode(await folder.read("manifest.json"));
      for (let i = 0; i < 20; i++) expect(new TextDecoder().decode(await folder.read(`part/${i}`))).toBe(turn);
      await recoverFolder(dir);
      await writeFolder(dir, filesOf("1"), { overwrite: true });
      expect(readdirSync(place)).toEqual(["x.assay"]);
    }
  });
});
