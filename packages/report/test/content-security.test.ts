import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { CONTENT_SECURITY_POLICY, SCRIPT_HASH, STYLE_HASH } from "../src/content-security.js";
import { PAGE_SCRIPT } from "../src/page-script.js";
import { STYLE } from "../src/style.js";

const hashOf = (text: string) => createHash("sha256").update(text, "utf8").digest("base64");

it("STYLE_HASH is the SHA-256 of the inline style", () => {
  expect(STYLE_HASH).toBe(hashOf(STYLE));
});

it("SCRIPT_HASH is the SHA-256 of the inline script", () => {
  expect(SCRIPT_HASH).toBe(hashOf(PAGE_SCRIPT));
});

it("CONTENT_SECURITY_POLICY forbids what is not named, and inline text in general", () => {
  expect(CONTENT_SECURITY_POLICY).toMatch(/^default-src 'none';/);
  expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe|\*|https?:/);
});
