/** What `--overwrite` may never take away, and that what is signed as asked is what was done. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assay, parseConfig, quarantineFolder, runMainJob, verifyFolder } from "@assay/assay/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let root: string;
let folder: string;
const lines = Array.from({ length: 40 }, (_, i) => `${i % 30},${i % 30},${i % 2 ? "a" : "b"}`);

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "assay-places-"));
  mkdirSync(join(root, "data"));
  writeFileSync(join(root, "data/train.csv"), `x,y,label\n${lines.join("\n")}\n`);
  ({ folder } = await runMainJob([join(root, "data")], { workers: 1 }));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const quarantine = (output: string, overwrite = true) =>
  quarantineFolder(folder, { output, overwrite, severity: "low", workers: 1 });

describe("quarantineFolder() with overwrite", () => {
  test("never replaces a folder that it did not write", async () => {
    const home = join(root, "home");
    mkdirSync(home);
    writeFileSync(join(home, "letter.txt"), "dear");
    await expect(quarantine(home)).rejects.toMatchObject({ code: "exists" });
    expect(readFileSync(join(home, "letter.txt"), "utf8")).toBe("dear");
  });

  test("never replaces the parent, its data, or a folder that holds them", async () => {
    for (const output of [join(root, "data"), root])
      await expect(quarantine(output)).rejects.toMatchObject({ name: "UsageError" });
    expect(await verifyFolder(folder, { workers: 1 })).toMatchObject({ ok: true, data: "checked" });
  });

  test("replaces its own earlier answer", async () => {
    const child = join(root, "child");
    const first = await quarantine(child, false);
    expect(first.removed).toBeGreaterThan(0);
    expect(await quarantine(child)).toMatchObject({ removed: first.removed, setHead: first.setHead });
    expect(await verifyFolder(`${child}.assay`, { parents: [folder], workers: 1 })).toMatchObject({ ok: true });
  });

  test("leaves no data without its folder when the folder cannot be written", async () => {
    const child = join(root, "half");
    writeFileSync(`${child}.assay`, "a file in the way");
    await expect(quarantine(child)).rejects.toMatchObject({ code: "exists" });
    expect(existsSync(child)).toBe(false);
  });
});

describe("assay() with a config", () => {
  const config = parseConfig('{"checks":{"label":"label","exclude":["y"],"failOn":"low"}}', "c.json");

  test("does what the config asks", async () => {
    const result = await assay(join(root, "data/train.csv"), { config, workers: 1 });
    expect(result.gate.gate).toBe("fail");
    // Without a label the reason would be that there is none.
    expect(result.outcomes.find(({ check }) => check === "label-flips")?.reason ?? "").not.toContain("label column");
    expect(result.outcomes.every(({ lookedAt }) => !lookedAt.columns.includes("y"))).toBe(true);
  });

  test("an option that is given wins over the config", async () => {
    const result = await assay(join(root, "data/train.csv"), { config, failOn: "none", workers: 1 });
    expect(result.gate.gate).toBe("pass");
  });
});
