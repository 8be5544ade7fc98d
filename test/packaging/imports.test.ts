import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { describe, expect, test } from "vitest";
import {
  ASSAY_IMPORTS,
  filesThatRunAnywhere,
  importViolations,
  LIBRARY_IMPORTS,
  NODE_ENTRIES,
  NODE_PACKAGES,
} from "./import-rules.js";

const packages = join(import.meta.dirname, "../../packages");

function sourcesOf(name: string): { file: string; text: string }[] {
  const folder = join(packages, name, "src");
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return {
        file: relative(join(packages, name), path).split(sep).join("/"),
        text: readFileSync(path, "utf8"),
      };
    });
}

/** Source files of the entries that a package publishes for everywhere. */
function entriesOf(name: string): string[] {
  const { exports } = JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8"));
  return Object.keys(exports)
    .filter((entry) => entry !== "./package.json")
    .map((entry) => `src/${entry === "." ? "index" : entry.slice(2)}.ts`)
    .filter((file) => !NODE_ENTRIES.includes(file));
}

describe("imports", () => {
  test("every package folder is in the table, and nothing else", () => {
    expect(readdirSync(packages).sort()).toEqual(Object.keys(ASSAY_IMPORTS).sort());
  });

  test("the command loads an operation when it is called: it imports no entry that has them all", () => {
    const others = sourcesOf("cli").flatMap(({ file, text }) =>
      [...text.matchAll(/from "(@assay\/assay[^"]*)"/g)]
        .filter(([, entry]) => entry !== "@assay/assay/commands")
        .map(() => file),
    );
    expect(others).toEqual([]);
  });

  for (const name of Object.keys(ASSAY_IMPORTS)) {
    test(`@assay/${name} imports only what the table allows`, () => {
      const sources = sourcesOf(name);
      const texts = new Map(sources.map(({ file, text }) => [file, text]));
      const anywhere = NODE_PACKAGES.includes(name) ? new Set<string>() : filesThatRunAnywhere(texts, entriesOf(name));
      const violations = sources.flatMap(({ file, text }) => importViolations(name, file, text, !anywhere.has(file)));
      expect(violations).toEqual([]);
    });

    test(`@assay/${name} declares exactly the dependencies that the table allows`, () => {
      const manifest = JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8"));
      const rule = ASSAY_IMPORTS[name];
      const allowed = new Set([...(rule?.values ?? []), ...(rule?.types ?? []), ...(LIBRARY_IMPORTS[name] ?? [])]);
      const declared = [
        ...Object.keys(manifest.dependencies ?? {}),
        ...Object.keys(manifest.peerDependencies ?? {}),
        ...Object.keys(manifest.optionalDependencies ?? {}),
      ];
      expect(declared.filter((dependency) => !allowed.has(dependency))).toEqual([]);
    });
  }

  test.each([
    ["merkle", "src/planted.ts", 'import { readSource } from "@assay/records";'],
    ["merkle", "src/planted.ts", 'import { z } from "zod";'],
    ["checks", "src/planted.ts", 'export { sign } from "@assay/provenance";'],
    ["provenance", "src/planted.ts", 'import { runChecks } from "@assay/checks";'],
    ["controls", "src/planted.ts", 'import { buildManifest, type FileEntry } from "@assay/manifest";'],
    ["records", "src/planted.ts", 'import { readFile } from "node:fs/promises";'],
    ["manifest", "src/planted.ts", 'const module = await import("@assay/assay");'],
    ["cli", "src/planted.ts", 'import { buildManifest } from "@assay/manifest";'],
    ["report", "src/planted.ts", 'import { toHex } from "../../merkle/src/hex.js";'],
  ])("importViolations() sees a planted violation in %s: %s %s", (name, file, text) => {
    expect(importViolations(name, file, text, false)).toHaveLength(1);
  });

  test.each([
    ["provenance", "src/planted.ts", 'import type { Outcome } from "@assay/checks";'],
    ["provenance", "src/planted.ts", 'import { type Outcome } from "@assay/checks";'],
    ["records", "src/node.ts", 'import { readFile } from "node:fs/promises";'],
  ])("importViolations() allows %s %s: %s", (name, file, text) => {
    expect(importViolations(name, file, text, true)).toEqual([]);
  });

  test("filesThatRunAnywhere() follows static imports and not what is loaded on demand", () => {
    const sources = new Map([
      [
        "src/index.ts",
        'export { a } from "./a.js"; const b = () => import("./b.js"); import type { C } from "./c.js";',
      ],
      ["src/a.ts", 'import "./deep/d.js";'],
      ["src/deep/d.ts", ""],
      ["src/b.ts", 'import "node:fs";'],
      ["src/c.ts", 'import "node:fs";'],
    ]);
    expect([...filesThatRunAnywhere(sources, ["src/index.ts"])].sort()).toEqual([
      "src/a.ts",
      "src/deep/d.ts",
      "src/index.ts",
    ]);
  });
});
