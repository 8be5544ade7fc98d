import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CODE_TEXTS } from "@assay/assay";
import { expect, test } from "vitest";

test("docs/errors.md lists every code under its exit code, and no other", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/errors.md"), "utf8");
  const listed = page.split("\n## ").flatMap((section) => {
    const exitCode = Number(/\(exit code (\d)\)/.exec(section)?.[1]);
    return [...section.matchAll(/^\| `([a-z0-9-]+)` \| (.+) \|$/gm)].map(([, code, text]) => [
      code,
      { exitCode, text },
    ]);
  });
  expect(Object.fromEntries(listed)).toEqual(CODE_TEXTS);
});
