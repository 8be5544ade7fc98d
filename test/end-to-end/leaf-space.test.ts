/** Leaves that do not fit into memory: the same folder to the byte, and nothing left behind, however it ends. */

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeManifest, type Output, runMainJob, verifyFolder } from "@assay/assay/node";
import { describe, expect, test } from "vitest";
import { assay, everythingIn, shell, temporaryFolders } from "./command.js";
import { cleanCsv, repeatedCsv } from "./data.js";

const folder = temporaryFolders();

/** Paths below a folder → bytes in base64; folders left out. */
function bytesIn(directory: string): Record<string, string> {
  const paths = readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
  const files = paths.filter((path) => statSync(join(directory, path)).isFile());
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(directory, path), "base64")]));
}

function dataFolder(records: number): { cwd: string; temp: string; data: string } {
  const cwd = folder();
  const temp = join(cwd, "temp");
  mkdirSync(temp);
  mkdirSync(join(cwd, "data"));
  writeFileSync(join(cwd, "data/a.csv"), repeatedCsv(records, 40));
  writeFileSync(join(cwd, "data/b.csv"), cleanCsv(30));
  return { cwd, temp, data: join(cwd, "data") };
}

describe("makeManifest()", () => {
  test("writes the same folder with one leaf in memory as with all of them", async () => {
    const { cwd, temp, data } = dataFolder(6000);
    const splits = { paths: { train: "a.csv", test: "b.csv" } };
    const make = (name: string, output: Output) =>
      makeManifest([data], { reading: { splits }, output: { directory: join(cwd, name), ...output }, workers: 2 });
    const whole = await make("whole.assay", {});
    const spilled = await make("spilled.assay", { temp, maxLeafBytes: 32 });
    expect({ ...spilled, manifest: "" }).toEqual({ ...whole, manifest: "" });
    expect(bytesIn(join(cwd, "spilled.assay"))).toEqual(bytesIn(join(cwd, "whole.assay")));
    expect(await verifyFolder(join(cwd, "spilled.assay"), { data, workers: 1 })).toMatchObject({
      ok: true,
      data: "checked",
    });
    expect(readdirSync(temp)).toEqual([]);
  });

  test("makes room beside a folder that is still to be made, and leaves only that folder", async () => {
    const { cwd, data } = dataFolder(500);
    await makeManifest([data], { output: { directory: join(cwd, "x/y/z.assay"), maxLeafBytes: 0 }, workers: 1 });
    expect(readdirSync(cwd).sort()).toEqual(["data", "temp", "x"]);
    expect(readdirSync(join(cwd, "x/y"))).toEqual(["z.assay"]);
  });

  test("leaves nothing when it is stopped while leaves are on disk", async () => {
    const { cwd, temp, data } = dataFolder(70_000);
    const abort = new AbortController();
    const stopped = makeManifest([data], {
      output: { directory: join(cwd, "z.assay"), temp, maxLeafBytes: 0 },
      signal: abort.signal,
      onProgress: ({ stage }) => stage === "tree" && abort.abort(new Error("enough")),
      workers: 1,
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(everythingIn(cwd).filter((path) => !path.startsWith("data"))).toEqual(["temp"]);
  });
});

describe("runMainJob()", () => {
  test("finds and states the same with leaves on disk", async () => {
    const { cwd, temp, data } = dataFolder(300);
    const run = (name: string, output: Output) =>
      runMainJob([data], { output: { directory: join(cwd, name, "d.assay"), ...output }, workers: 1 });
    const whole = await run("whole", {});
    const spilled = await run("spilled", { temp, maxLeafBytes: 100 });
    expect(spilled.findings.length).toBeGreaterThan(0);
    expect(spilled.findings).toEqual(whole.findings);
    expect(spilled.outcomes).toEqual(whole.outcomes);
    const [a, b] = [bytesIn(join(cwd, "spilled/d.assay")), bytesIn(join(cwd, "whole/d.assay"))];
    for (const path of Object.keys(b).filter((path) => !/^(?:statements|report)/.test(path))) {
      expect(a[path], path).toBe(b[path]);
    }
    expect(readdirSync(temp)).toEqual([]);
  });
});

describe("assay --temp", () => {
  test("refuses a folder that is not there, before anything is read", async () => {
    const { cwd, temp } = dataFolder(100);
    for (const [command, where, says] of [
      ["manifest", "missing", "it does not exist"],
      ["run", "data/a.csv", "it is no folder"],
    ] as const) {
      const result = await assay(cwd, [command, "data", "--temp", where, "--json"]);
      expect(result).toMatchObject({ exitCode: 5 });
      expect(result.json()).toMatchObject({ ok: false, message: expect.stringContaining(says) });
    }
    expect(await assay(cwd, ["manifest", "data", "--temp", temp])).toMatchObject({ exitCode: 0 });
    expect(await assay(cwd, ["manifest", "data", "--temp"])).toMatchObject({ exitCode: 64 });
    expect(everythingIn(cwd).filter((path) => path.startsWith("."))).toEqual([]);
  });

  test.skipIf(process.platform === "win32")("ends with exit code 5 when writing fails half way", async () => {
    const { cwd, temp } = dataFolder(60_000);
    // The bound on memory is no option of the command, so a few lines call what the command calls.
    const script = `
      import { makeManifest, exitCodeOf } from ${JSON.stringify(import.meta.resolve("@assay/assay/node"))};
      try {
        await makeManifest(["data"], { output: { directory: "z.assay", temp: "temp", maxLeafBytes: 0 }, workers: 1 });
      } catch (error) {
        console.error(error.code, error.message);
        process.exitCode = exitCodeOf(error);
      }`;
    writeFileSync(join(cwd, "make.mjs"), script);
    const result = await shell(cwd, `ulimit -f 1000; exec ${process.execPath} make.mjs`);
    expect(result, result.stderr).toMatchObject({ exitCode: 5 });
    expect(result.stderr).toContain("the leaves in temp");
    expect(readdirSync(temp)).toEqual([]);
    expect(existsSync(join(cwd, "z.assay"))).toBe(false);
    expect(readdirSync(cwd).sort()).toEqual(["data", "make.mjs", "temp"]);
  });
});
