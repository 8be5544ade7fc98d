/** Values of records in messages for people: quoted, short, on one line. */

/** Longest value that a message quotes, in characters. */
const SHOWN_CHARACTERS = 60;

/**
 * A text as JSON would quote it, cut after 60 characters.
 *
 * @example
 * quoted("two\nlines"); // '"two\\nlines"'
 */
export function quoted(text: string): string {
  // Four units a character at most are looked at, so that a long value is never split as a whole.
  const characters = [...text.slice(0, 4 * SHOWN_CHARACTERS)];
  if (characters.length <= SHOWN_CHARACTERS && text.length <= 4 * SHOWN_CHARACTERS) return JSON.stringify(text);
  return JSON.stringify(`${characters.slice(0, SHOWN_CHARACTERS).join("")}…`);
}

/** Longest value that evidence holds, in UTF-16 code units. */
const EVIDENCE_UNITS = 1000;

/** A value as evidence holds it: its first 1,000 units, never half a character. */
export function evidenceText(text: string): string {
  const cut = text.slice(0, EVIDENCE_UNITS);
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}
