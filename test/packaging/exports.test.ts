import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const packages = readdirSync(join(root, "packages")).sort();
let folder: string;

/** The tarball that would be published. */
async function pack(name: string): Promise<Uint8Array> {
  const destination = join(folder, name);
  await run("npx", ["-y", "pnpm@12.21.0", "pack", "--pack-destination", destination], {
    cwd: join(root, "packages", name),
  });
  const [tarball] = readdirSync(destination).filter((file) => file.endsWith(".tgz"));
  return new Uint8Array(readFileSync(join(destination, tarball as string)));
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-pack-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the package that is published", () => {
  for (const name of packages) {
    test(`@assay/${name}: its export map is right for publint and attw, and it says what it needs`, async () => {
      const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
      expect(manifest.type).toBe("module");
      expect(manifest.license).toBe("Apache-2.0");
      expect(manifest.engines.node).toBe(">=20.19");
      expect(manifest.description).toMatch(/\.$/);
      for (const version of Object.values<string>(manifest.dependencies ?? {}))
        expect(version).toMatch(/^(workspace:\*|\d+\.\d+\.\d+)$/);
      for (const target of Object.values<Record<string, string> | string>(manifest.exports))
        for (const file of typeof target === "string" ? [target] : Object.values(target))
          expect(existsSync(join(root, "packages", name, file)), `${file} is built`).toBe(true);

      const tarball = await pack(name);
      const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer as ArrayBuffer }, strict: true });
      expect(messages.map((message) => formatMessage(message, pkg as Record<string, unknown>))).toEqual([]);

      const { types, problems = [] } = (await checkPackage(createPackageFromTarballData(tarball))) as {
        types: unknown;
        problems?: { kind: string }[];
      };
      expect(types).not.toBe(false);
      // ESM only, for Node's and bundlers' resolution: require() of ES modules and the resolution of before 2021 are not promised.
      const promised = problems.filter(
        (problem) =>
          problem.kind !== "CJSResolvesToESM" && !("resolutionKind" in problem && problem.resolutionKind === "node10"),
      );
      expect(promised).toEqual([]);
    });
  }

  test("no runtime dependency has an install script", () => {
    const store = join(root, "node_modules/.pnpm");
    const seen = new Set<string>();
    const scripts: string[] = [];
    const ancestorsOf = (path: string): string[] =>
      path === dirname(path) ? [path] : [path, ...ancestorsOf(dirname(path))];
    const visit = (place: string): void => {
      const folder = realpathSync(place);
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const key = `${manifest.name}@${manifest.version}`;
      if (seen.has(key)) return;
      seen.add(key);
      for (const script of ["preinstall", "install", "postinstall"])
        if (manifest.scripts?.[script]) scripts.push(`${key}: ${script}`);
      for (const dependency of Object.keys(manifest.dependencies ?? {})) {
        const found = ancestorsOf(folder)
          .map((ancestor) => join(ancestor, "node_modules", dependency))
          .find((candidate) => existsSync(join(candidate, "package.json")));
        if (found === undefined) throw new Error(`Cannot find ${dependency}, a dependency of ${key}`);
        visit(found);
      }
    };
    expect(existsSync(store)).toBe(true);
    for (const name of packages) visit(join(root, "packages", name));
    expect(seen.size).toBeGreaterThan(packages.length);
    expect(scripts).toEqual([]);
  });
});
