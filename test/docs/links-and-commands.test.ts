import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const bin = join(root, "packages/cli/bin/assay.js");

/** Every page of the project. */
function pages(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (["node_modules", "dist", ".git", "vectors", "golden", "fixtures", "demo-output"].includes(entry.name))
      return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pages(path);
    return entry.name.endsWith(".md") && !path.includes(".changeset") ? [path] : [];
  });
}

const help = (...args: string[]): string =>
  execFileSync(process.execPath, [bin, ...args, "--help"], { encoding: "utf8" });
const commands = [...help().matchAll(/^ {2}([a-z-]+) \[options\]/gm)].map((match) => match[1] as string);
const optionsOf = new Map(
  commands.map((command) => [
    command,
    new Set([...help(command).matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option)),
  ]),
);

describe("pages", () => {
  const all = pages(root).map((path) => ({ name: relative(root, path), path, text: readFileSync(path, "utf8") }));

  test("there are pages", () => expect(all.length).toBeGreaterThan(8));

  test.each(all)("$name: every relative link leads somewhere", ({ path, text }) => {
    const prose = text.replace(/```[\s\S]*?```/g, "").replace(/`[^`\n]*`/g, "");
    const broken = [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => match[1] as string)
      .filter((target) => !/^(https?:|mailto:|#)/.test(target))
      .filter((target) => !existsSync(resolve(dirname(path), target.split("#")[0] as string)));
    expect(broken).toEqual([]);
  });

  test.each(all)("$name: every command it shows exists, with the options it shows", ({ text }) => {
    const wrong: string[] = [];
    for (const [line] of text.matchAll(/^.*\bassay (?:[a-z-]+)\b.*$/gm)) {
      if (!/^\s{4,}|^\$|^npx /.test(line)) continue;
      for (const [, command, rest] of line.matchAll(/(?:^|\s)assay ([a-z][a-z-]*)((?: (?!\|)[^;|#]*)?)/g)) {
        const known = optionsOf.get(command as string);
        if (known === undefined) wrong.push(line.trim());
        else
          for (const [option] of (rest as string).matchAll(/--[a-z][a-z-]*/g))
            if (!known.has(option)) wrong.push(`${option} in: ${line.trim()}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe("assay --help", () => {
  test("every command explains itself and shows an example", () => {
    expect(commands.length).toBeGreaterThanOrEqual(15);
    for (const command of commands) {
      const text = help(command);
      expect(text, command).toMatch(new RegExp(`assay ${command}`));
      expect(text, command).toMatch(/Examples?:|Operations:/);
      for (const option of ["--json", "--quiet", "--workers"]) expect(text, command).toContain(option);
    }
  });
});
