import { appendFile, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildPlan, readBin, writePlan } from "../src/plan.js";

const task = {
  module: "file:///tasks.js",
  name: "hashPart",
  options: { leafKey: new Uint8Array([1, 2]), columns: null },
};
let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "assay-plan-")), "map-0");
});
afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

describe("buildPlan()", () => {
  it("gives the same bytes for the same work, and another name for any other work", () => {
    const plan = buildPlan(task, [1, 2, 3], 2);
    expect(buildPlan(task, [1, 2, 3], 2)).toEqual(plan);
    const others = [
      buildPlan(task, [1, 2, 4], 2),
      buildPlan(task, [1, 2, 3], 3),
      buildPlan({ ...task, name: "readPart" }, [1, 2, 3], 2),
      buildPlan({ ...task, options: {} }, [1, 2, 3], 2),
    ];
    expect(new Set([plan, ...others].map(({ id }) => id)).size).toBe(5);
  });

  it("deals inputs out in turn, to no more bins than there are inputs", () => {
    const unitsOf = (inputs: number[], maxBins: number): number[][] =>
      buildPlan(task, inputs, maxBins).bins.map(({ bytes }) =>
        new TextDecoder()
          .decode(bytes)
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line).unit),
      );
    expect(unitsOf([7, 7, 7, 7, 7], 2)).toEqual([
      [0, 2, 4],
      [1, 3],
    ]);
    expect(unitsOf([7, 7], 50)).toEqual([[0], [1]]);
    expect(buildPlan(task, [], 50)).toMatchObject({ units: 0, bins: [] });
  });

  it("refuses what cannot leave this process, naming the input", () => {
    expect(() => buildPlan(task, [1, new Blob(["bytes"])], 2)).toThrow(/^Input 1 of task hashPart cannot be sent/);
    expect(() => buildPlan({ ...task, options: () => 1 }, [1], 2)).toThrow(TypeError);
  });
});

describe("writePlan() and readBin()", () => {
  it("give inputs and options back as structured clones, in files that only their owner reads", async () => {
    const inputs = [{ map: new Map([["a", 1n]]) }, new Float64Array([-0, Number.NaN]), undefined];
    const plan = buildPlan(task, inputs, 2);
    await writePlan(folder, plan);
    expect(await readBin(folder, plan.id, 0)).toEqual({
      task,
      units: [
        { unit: 0, input: inputs[0] },
        { unit: 2, input: undefined },
      ],
    });
    expect((await readBin(folder, plan.id, 1)).units).toEqual([{ unit: 1, input: inputs[1] }]);
    await expect(readBin(folder, plan.id, 2)).rejects.toThrow(RangeError);
    expect((await readdir(folder)).sort()).toEqual(["bin-000000.jsonl", "bin-000001.jsonl", "header.json"]);
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o077).toBe(0);
    // A plan never changes.
    await expect(writePlan(folder, plan)).rejects.toThrow("EEXIST");
  });

  it.each(["header.json", "bin-000000.jsonl"])("readBin() refuses a plan whose %s was altered", async (name) => {
    const plan = buildPlan(task, [1, 2], 2);
    await writePlan(folder, plan);
    await appendFile(join(folder, name), "\n");
    await expect(readBin(folder, plan.id, 0)).rejects.toMatchObject({ code: "artefact-mismatch" });
  });

  it("readBin() refuses a plan of another V8, which may serialise otherwise", async () => {
    const plan = buildPlan(task, [1], 1);
    await writePlan(folder, plan);
    const header = JSON.parse(new TextDecoder().decode(plan.header));
    const bytes = new TextEncoder().encode(JSON.stringify({ ...header, v8: "1.0" }));
    await writeFile(join(folder, "header.json"), bytes);
    const { createHash } = await import("node:crypto");
    const id = createHash("sha256").update(bytes).digest("hex");
    await expect(readBin(folder, id, 0)).rejects.toMatchObject({ code: "version-mismatch" });
  });
});
