/**
 * Characters that a reader cannot see, or that move what stands around them: controls, bidirectional marks, zero-width and
 * tag characters, variation selectors, fillers, line and paragraph separators. Data use them to say one thing to a person
 * and another to a machine, so every view shows them by number (Unicode TR 36, "Trojan Source", CVE-2021-42574).
 */

const UNSEEN =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass lint/suspicious/noControlCharactersInRegex: these are what it looks for
  /[\u0000-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u2028-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/gu;

/** A text in one line with every unseen character as `⟨U+202E⟩`. */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, (character) => `⟨${codePointName(character)}⟩`);
}

/** Cuts a text where unseen characters stand: what is seen, and the numbers of what is not. */
export function splitUnseen(text: string): readonly { readonly text: string; readonly unseen: boolean }[] {
  const parts: { text: string; unseen: boolean }[] = [];
  let begin = 0;
  for (const match of text.matchAll(UNSEEN)) {
    if (match.index > begin) parts.push({ text: text.slice(begin, match.index), unseen: false });
    parts.push({ text: codePointName(match[0]), unseen: true });
    begin = match.index + match[0].length;
  }
  if (begin < text.length) parts.push({ text: text.slice(begin), unseen: false });
  return parts;
}

function codePointName(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
