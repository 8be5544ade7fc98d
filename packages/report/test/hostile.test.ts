/** Nothing that data say may become markup, script, a link, a formula, a mention or a movement of the cursor. */

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SCRIPT_HASH } from "../src/content-security.js";
import { createReport, toCsv, toHtml, toJson, toMarkdown, toNotebook, toSarif, toText } from "../src/index.js";
import { EMPTY, INPUT } from "./fixture.js";
import { HOSTILE, HOSTILE_TEXTS } from "./hostile-fixture.js";

const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u00AD\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E0FFF}]/u;

const TAGS = new Set(
  `html head meta title style body a div nav ol ul li header p h1 h2 h3 h4 main section article em span br dl dt dd table caption thead
  tbody tr th td details summary code bdi figure figcaption strong label input select option button footer script
  svg g path circle rect line text`.split(/\s+/),
);
const ATTRIBUTES = new Set(
  `lang charset http-equiv content name id class href aria-label aria-labelledby aria-hidden aria-pressed role tabindex title scope type
  hidden open value autocomplete placeholder data-index data-check data-severity data-score data-record data-q
  viewBox width height x y x1 x2 y1 y2 cx cy r rx d fill stroke stroke-width stroke-linecap stroke-linejoin text-anchor transform`.split(
    /\s+/,
  ),
);

interface PageParts {
  readonly tags: number;
  readonly scripts: readonly { readonly attributes: string; readonly text: string }[];
  readonly text: string;
}

/** Reads a page as we write it, and refuses every tag, attribute or stray sign that we do not write. */
function readPage(page: string): PageParts {
  const scripts: { attributes: string; text: string }[] = [];
  let tags = 0;
  let text = "";
  let at = page.indexOf("<html");
  expect(page.slice(0, at)).toBe("<!doctype html>\n");
  while (at < page.length) {
    const next = page.indexOf("<", at);
    text += page.slice(at, next < 0 ? page.length : next);
    if (next < 0) break;
    const tag = /^<(\/?)([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z][A-Za-z0-9:-]*(?:="[^"<>]*")?)*)\s*(\/?)>/.exec(
      page.slice(next, next + 20_000),
    );
    if (tag === null) throw new Error(`a stray < before ${JSON.stringify(page.slice(next, next + 80))}`);
    const [whole, closing, name, attributes] = tag as unknown as [string, string, string, string];
    if (!TAGS.has(name)) throw new Error(`the tag ${name}`);
    for (const [, attribute, value = ""] of attributes.matchAll(/\s([A-Za-z][A-Za-z0-9:-]*)(?:="([^"]*)")?/g)) {
      if (!ATTRIBUTES.has(attribute!)) throw new Error(`the attribute ${attribute}`);
      if (attribute === "href" && !/^#[a-z]+$/.test(value)) throw new Error(`a link to ${value}`);
    }
    tags++;
    at = next + whole.length;
    if (closing === "" && (name === "script" || name === "style")) {
      const end = page.indexOf(`</${name}`, at);
      if (name === "script") scripts.push({ attributes, text: page.slice(at, end) });
      at = end;
    }
  }
  return { tags, scripts, text };
}

describe("toHtml()", () => {
  it.each([
    ["hostile", HOSTILE],
    ["ordinary", INPUT],
    ["empty", EMPTY],
  ])("writes only tags, attributes and scripts of its own for %s data", (_, input) => {
    const report = createReport(input);
    const page = toHtml(report);
    const { scripts } = readPage(page);
    expect(scripts.map(({ attributes }) => attributes)).toEqual([' type="application/json" id="report"', ""]);
    expect(createHash("sha256").update(scripts[1]!.text).digest("base64")).toBe(SCRIPT_HASH);
    expect(JSON.parse(scripts[0]!.text)).toEqual(JSON.parse(toJson(report)));
    expect(scripts[0]!.text).not.toMatch(/[<>&]/);
    expect(page).not.toMatch(UNSEEN);
    expect(page).not.toMatch(/\sstyle="/);
  });

  it("has as many tags for any text as for a harmless one", () => {
    const pageWith = (text: string) => {
      const [first] = INPUT.findings;
      const finding = { ...first!, message: text, kind: text, file: text, evidence: { given: text } };
      return readPage(
        toHtml(
          createReport({
            ...EMPTY,
            findings: [finding],
            warnings: [text],
            records: new Map([[finding.record, { column: text }]]),
            plots: [{ kind: "bars", title: text, bars: [{ name: text, count: 1 }] }],
          }),
        ),
      ).tags;
    };
    // Unseen characters and the empty text get a mark of their own, so they are left out here.
    const expected = pageWith("harmless");
    const signs = fc.stringMatching(/^[<>"'&`=/! a-z0-9;#-]{1,40}$/);
    fc.assert(
      fc.property(signs, (text) => {
        expect(pageWith(text)).toBe(expected);
      }),
      { numRuns: 60 },
    );
  });

  it("shows what cannot be seen by its number", () => {
    const page = toHtml(createReport(HOSTILE));
    expect(page).toContain('evil<span class="unseen"');
    expect(page).toContain("U+202E</span>cod.exe");
  });

  it("never pollutes a prototype and keeps __proto__ as data", () => {
    const report = createReport(HOSTILE);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    expect(
      report.findings.shown[0]!.values!.some(({ name, value }) => name === "__proto__" && value === "polluted"),
    ).toBe(true);
    expect(toJson(report)).toContain('"name":"__proto__"');
  });
});

describe("toMarkdown()", () => {
  const text = toMarkdown(createReport(HOSTILE));

  it("has no HTML but its own, no link, no mention and no issue reference", () => {
    const elements = [...text.matchAll(/<[^>]*>/g)].map(([element]) => element);
    expect(new Set(elements)).toEqual(
      new Set(["<code>", "</code>", "<details>", "</details>", "<summary>", "</summary>"]),
    );
    const prose = text.replace(/`[^`\n]*`/g, "").replace(/<code>[^<]*<\/code>/g, "");
    expect(prose).not.toMatch(/@[A-Za-z]/);
    expect(prose).not.toMatch(/&#64;[A-Za-z]/);
    expect(prose).not.toMatch(/:\/\/|www\./);
    expect(prose).not.toMatch(/\]\(/);
    expect(prose.replace(/&#\d+;/g, "")).not.toMatch(/#\d/);
  });

  it("keeps the cells of every table", () => {
    const lines = text.split("\n");
    lines.forEach((line, index) => {
      if (!/^\| -/.test(line)) return;
      const cells = (row: string) => row.split("|").length;
      for (let at = index - 1; lines[at]?.startsWith("|"); at++) expect(cells(lines[at]!)).toBe(cells(line));
    });
    expect(lines.filter((line) => /^\| -/.test(line)).length).toBeGreaterThanOrEqual(4);
  });

  it("shows unseen characters by number, and stays below the length of a comment", () => {
    expect(text.replaceAll("\u200B", "")).not.toMatch(UNSEEN);
    expect(text).toContain("⟨U+202E⟩");
    expect(text.length).toBeLessThanOrEqual(60_000);
    const long = { ...INPUT.findings[0]!, message: "|".repeat(2_000), file: "`".repeat(2_000) };
    const findings = Array.from({ length: 500 }, (_, index) => ({ ...long, record: index }));
    expect(toMarkdown(createReport({ ...INPUT, findings }), { maxFindings: 500 }).length).toBeLessThanOrEqual(60_000);
  });
});

describe("toCsv()", () => {
  it("begins no cell as a formula, and parses back to its rows", () => {
    const report = createReport(HOSTILE);
    const rows = parseCsv(toCsv(report));
    expect(rows.length).toBe(report.findings.shown.length + 1);
    for (const row of rows) {
      expect(row.length).toBe(13);
      for (const cell of row) expect(cell).not.toMatch(/^\s*[=+@]|^\s*-(?![\d.])/);
    }
    const messages = rows.slice(1).map((row) => row[11]);
    expect(messages).toContain(`'+1+cmd|' /C calc'!A0`);
    expect(messages).toContain(`" onmouseover="alert(2)" x="`);
  });

  it("keeps negative numbers as numbers", () => {
    const findings = [{ ...INPUT.findings[0]!, score: -1.5 }];
    expect(parseCsv(toCsv(createReport({ ...INPUT, findings })))[1]![8]).toBe("-1.5");
  });
});

it("toText() holds no control character but line feeds", () => {
  const text = toText(createReport(HOSTILE));
  expect(text).not.toMatch(UNSEEN);
  expect(text).toContain("⟨U+001B⟩");
});

it("toSarif() has relative locations only, and no link in a message", () => {
  const { results } = JSON.parse(toSarif(createReport(HOSTILE))).runs[0];
  expect(results.length).toBe(HOSTILE_TEXTS.length);
  for (const { message, locations } of results) {
    const { uri } = locations[0].physicalLocation.artifactLocation;
    expect(new URL(uri, "file:///data/").href.startsWith("file:///data/")).toBe(true);
    expect(message.text).not.toMatch(/(^|[^\\])\[/);
    expect(message.text).not.toMatch(UNSEEN);
  }
});

it("toNotebook() keeps the page within one quoted attribute of a sandboxed frame", () => {
  const page = toNotebook(createReport(HOSTILE))["text/html"];
  expect(page).toMatch(
    /^<iframe title="Assay report" sandbox="allow-scripts" style="[^"]*" srcdoc="[^"]*"><\/iframe>$/,
  );
  expect(page.slice(1, -10)).not.toContain("<");
  const inner = /srcdoc="([^"]*)"/.exec(page)![1]!.replace(/&(lt|gt|quot|#39|#96|amp);/g, (_, name: string) => {
    return { lt: "<", gt: ">", quot: '"', "#39": "'", "#96": "`", amp: "&" }[name]!;
  });
  expect(inner).toBe(toHtml(createReport(HOSTILE), { maxFindings: 200 }));
});

/** RFC 4180, literally. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[""]];
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const row = rows[rows.length - 1]!;
    const character = text[at]!;
    if (isQuoted) {
      if (character !== '"') row[row.length - 1] += character;
      else if (text[at + 1] === '"') row[row.length - 1] = `${row.at(-1)}${text[at++]}`;
      else isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === ",") row.push("");
    else if (character === "\r" && text[at + 1] === "\n") {
      rows.push([""]);
      at++;
    } else row[row.length - 1] += character;
  }
  expect(rows.pop()).toEqual([""]);
  return rows;
}
