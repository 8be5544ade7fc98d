/**
 * Every view compared with a file that a person can open and judge. After a change that was meant:
 * `ASSAY_UPDATE_GOLDEN=1 npx vitest run packages/report/test/golden.test.ts`, then look at the pages.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createReport, type ReportInput, toCsv, toHtml, toJson, toMarkdown, toSarif, toText } from "../src/index.js";
import { EMPTY, INPUT } from "./fixture.js";
import { HOSTILE } from "./hostile-fixture.js";

const FOLDER = new URL("golden/", import.meta.url);
const VIEWS = { html: toHtml, md: toMarkdown, json: toJson, sarif: toSarif, csv: toCsv, txt: toText };

function compareGolden(name: string, text: string): void {
  const file = new URL(name, FOLDER);
  if (process.env.ASSAY_UPDATE_GOLDEN === "1") {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, text);
  }
  expect(Buffer.from(text, "utf8").equals(readFileSync(file)), `${name} is not as committed`).toBe(true);
}

type Ending = keyof typeof VIEWS;
const ALL = Object.keys(VIEWS) as Ending[];

const INPUTS: readonly (readonly [string, ReportInput, readonly Ending[]])[] = [
  ["customers", INPUT, ALL],
  ["empty", EMPTY, ALL],
  // The page and the tables of this one are long, and judged by `hostile.test.ts`.
  ["hostile", HOSTILE, ["md", "txt"]],
];

describe.each(INPUTS)("views of %s are as committed", (name, input, endings) => {
  it.each(endings)("%s", (ending) => {
    const view = VIEWS[ending];
    compareGolden(`${name}.${ending}`, view(createReport(input)));
  });
});
