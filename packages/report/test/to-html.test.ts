import { describe, expect, it } from "vitest";
import { createReport, LIMITS, toHtml } from "../src/index.js";
import { EMPTY, INPUT } from "./fixture.js";

describe("toHtml()", () => {
  it.each([INPUT, EMPTY])("loads nothing and links to nothing outside", (input) => {
    const page = toHtml(createReport(input));
    expect(page).not.toMatch(/\b(src|srcset|action|formaction|poster|data|xlink:href)="/);
    expect(page).not.toMatch(/https?:/);
    expect(page).not.toMatch(/url\(|@import/);
    expect(page).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src 'none';`);
  });

  it.each([INPUT, EMPTY])("always prints what cannot be seen, and that it proves nothing about itself", (input) => {
    const page = toHtml(createReport(input));
    for (const { what } of LIMITS) expect(page).toContain(what);
    expect(page).toContain("A page that came with the data proves nothing about itself.");
    expect(page).toContain("Evidence, not certification.");
  });

  it("links every entry of the navigation to a section with a heading", () => {
    for (const input of [INPUT, EMPTY]) {
      const page = toHtml(createReport(input));
      const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id!);
      expect(new Set(ids).size).toBe(ids.length);
      for (const [, id] of page.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(id);
      for (const [, id] of page.matchAll(/aria-labelledby="([^"]*)"/g)) expect(ids).toContain(id);
    }
  });

  it("gives every table a caption, every scrolling part a name and the keyboard", () => {
    const page = toHtml(createReport(INPUT));
    expect(page.match(/<table>/g)!.length).toBe(page.match(/<table><caption>[^<]+/g)!.length);
    expect(page.match(/class="scroll"/g)!.length).toBe(
      page.match(/class="scroll" role="region" aria-label="[^"]+" tabindex="0"/g)!.length,
    );
    for (const [svg] of page.matchAll(/<svg [^>]*>/g)) expect(svg).toMatch(/aria-label="[^"]+"|aria-hidden="true"/);
  });

  it("keeps one heading above all, and skips no level", () => {
    const levels = [...toHtml(createReport(INPUT)).matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
    expect(levels.filter((level) => level === 1)).toEqual([1]);
    levels.reduce((before, level) => {
      expect(level).toBeLessThanOrEqual(before + 1);
      return level;
    }, 0);
  });

  it("shows at most maxFindings, and carries no more in its JSON", () => {
    const page = toHtml(createReport(INPUT), { maxFindings: 3 });
    expect(page.match(/<li id="finding-/g)!.length).toBe(3);
    expect(page).toContain("3 of 11 findings are shown");
    const json = /<script type="application\/json" id="report">(.*)<\/script>/.exec(page)![1]!;
    expect(JSON.parse(json).findings).toMatchObject({ total: 11, shown: { length: 3 } });
  });

  it("marks the columns of a record that no check read", () => {
    expect(toHtml(createReport(INPUT))).toContain(
      '<dt><bdi>notes</bdi> <span class="small">(not looked at)</span></dt>',
    );
  });
});
