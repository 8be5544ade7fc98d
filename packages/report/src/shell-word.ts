/**
 * A text as one word of a POSIX shell (with `$'…'`, which bash, zsh, ksh and POSIX.1-2024 have). Paths are data: a reader will
 * paste the command that holds one.
 */

import { splitUnseen } from "./unseen-characters.js";

/** @example shellWord("it's.csv") // `'it'\''s.csv'` */
export function shellWord(text: string): string {
  if (/^[A-Za-z0-9_./][A-Za-z0-9_./:@%+=,-]*$/.test(text)) return text;
  if (splitUnseen(text).some(({ unseen }) => unseen)) {
    const bytes = new TextEncoder().encode(text);
    const escaped = Array.from(bytes, (byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9_./:@%+=, -]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
    });
    // A hex escape takes at most two digits in bash and zsh, so what follows it is never swallowed.
    return `$'${escaped.join("")}'`;
  }
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** An option and its value; with `=` where the value would pass for an option. */
export function shellOption(name: string, value: string): string {
  return value.startsWith("-") ? `${name}=${shellWord(value)}` : `${name} ${shellWord(value)}`;
}
