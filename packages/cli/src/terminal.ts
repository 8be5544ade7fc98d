/**
 * Text for a terminal. Every string from data is hostile: escape sequences in a file name or a value must not move the
 * cursor, hide a line or change a colour.
 */

import pc from "picocolors";

/** Control and direction-changing characters are shown as `\u{…}`. */
export function safe(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** The first 12 digits of a digest: enough to compare by eye, never enough to trust. */
export function short(digest: string): string {
  return `${digest.slice(0, 12)}…`;
}

/** A number with thin groups: 1 234 567, the same in every locale. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** `1 record`, `2 records`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Bytes in the unit a person would choose. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let amount = value;
  let unit = 0;
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000;
    unit++;
  }
  return `${unit === 0 ? amount : amount.toFixed(amount < 10 ? 1 : 0)} ${units[unit]}`;
}

export const paint = pc;
