/** The example of the README, run as it stands. */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as manifestPackage from "@assay/manifest";
import { expect, test } from "vitest";
import * as provenance from "../src/index.js";
import * as node from "../src/node.js";
import { hexOf, MANIFEST, utf8 } from "./sample-folder.js";

test("the example of the README does what it says", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const imports = /^import \{([^}]*)\} from "([^"]*)";$/gm;
  const packages: Record<string, object> = {
    "@assay/manifest": manifestPackage,
    "@assay/provenance": provenance,
    "@assay/provenance/node": node,
  };
  const names: Record<string, unknown> = {};
  for (const [, list, from] of code.matchAll(imports)) {
    for (const name of list!
      .split(",")
      .map((text) => text.trim())
      .filter(Boolean)) {
      names[name] = packages[from!]![name as never];
      expect(names[name], `${name} of ${from}`).toBeDefined();
    }
  }
  const place = await mkdtemp(join(tmpdir(), "assay-readme-"));
  try {
    const files = utf8("{}\n");
    const given = { manifest: MANIFEST, files, filesDigest: hexOf(files) };
    const scope = { ...names, ...given };
    const body = code.replace(imports, "").replace('"release"', JSON.stringify(join(place, "release")));
    const run = new Function(...Object.keys(scope), `return (async () => { ${body}\nreturn verdict; })();`);
    expect(await run(...Object.values(scope))).toMatchObject({ ok: true, summary: "trusted; signed by trusted key" });
  } finally {
    await rm(place, { recursive: true });
  }
});
