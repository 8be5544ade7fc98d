#!/usr/bin/env node
import { existsSync } from "node:fs";

const main = new URL("../dist/main.js", import.meta.url);
if (!existsSync(main)) {
  process.stderr.write("assay: not built yet; run `npx -y pnpm@12.21.0 build` first\n");
  process.exit(70);
}
const { main: run } = await import(main.href);
await run(process.argv);
