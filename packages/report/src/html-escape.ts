/**
 * HTML that is escaped by construction: in {@link html} every value is text unless it is {@link Markup}, which only this
 * file makes. What escapes text also escapes it for quoted attributes and inside SVG.
 */

import { splitUnseen, visibleText } from "./unseen-characters.js";

declare const made: unique symbol;

/** HTML that may stand in a page as it is. */
export interface Markup {
  readonly [made]: true;
  readonly html: string;
}

export type HtmlValue = string | number | Markup | readonly HtmlValue[] | undefined | false;

/** Escapes a text for HTML text, quoted attributes and SVG, and makes unseen characters visible. */
export function escapeHtml(text: string): string {
  return visibleText(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")
    .replaceAll("`", "&#96;");
}

/**
 * A template of HTML. Values are escaped; markup stands as it is; lists are joined; `undefined` and `false` are nothing.
 * Attributes must be quoted in the template.
 *
 * @example
 * html`<p title="${'"'}">${"<b>"}</p>`.html; // '<p title="&quot;">&lt;b&gt;</p>'
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Markup {
  let text = parts[0] as string;
  for (const [index, value] of values.entries()) text += render(value) + parts[index + 1];
  return markup(text);
}

/** Text from data, isolated from the direction of what stands around it; what cannot be seen stands out. */
export function quoted(text: string): Markup {
  const parts = splitUnseen(text).map((part) =>
    part.unseen
      ? html`<span class="unseen" title="a character that cannot be seen">${part.text}</span>`
      : html`${part.text}`,
  );
  return html`<bdi>${parts}</bdi>`;
}

/** A digest or other code in one word, in groups of eight for the eye; copying it gives no spaces. */
export function digestMarkup(hex: string): Markup {
  const groups = hex.match(/[\s\S]{1,8}/gu) ?? [];
  return html`<code class="digest">${groups.map((group) => html`<span>${group}</span>`)}</code>`;
}

/**
 * Text of our own that holds no data, as it is: the inline style and script of the page.
 *
 * @throws RangeError when it could end the element that it stands in
 */
export function trustedText(text: string): Markup {
  if (/<\/|<!--/.test(text)) throw new RangeError("text: holds what could end its element");
  return markup(text);
}

/** JSON for a data block of the page: nothing in it can end the block or its line, and nothing unseen stands in it as it is. */
export function jsonBlock(json: string): Markup {
  const escaped = splitUnseen(json)
    .map(({ text, unseen }) => (unseen ? escapeUnits(String.fromCodePoint(Number(`0x${text.slice(2)}`))) : text))
    .join("");
  return markup(escaped.replace(/[<>&]/g, escapeUnits));
}

function escapeUnits(text: string): string {
  return text
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

function markup(text: string): Markup {
  return { html: text } as Markup;
}

function render(value: HtmlValue): string {
  if (value === undefined || value === false) return "";
  if (typeof value === "string") return escapeHtml(value);
  if (typeof value === "number") return String(value);
  if (isList(value)) return value.map(render).join("");
  return value.html;
}

function isList(value: Markup | readonly HtmlValue[]): value is readonly HtmlValue[] {
  return Array.isArray(value);
}
