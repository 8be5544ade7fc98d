/** Instants in statements and policies: RFC 3339 in UTC, `2026-03-01T09:30:00Z`, with up to 9 decimals of a second; years from 100 on. */

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/;

/** Milliseconds since 1970, or undefined when the text is not such an instant or no such day exists. */
export function parseInstant(text: string): number | undefined {
  const match = INSTANT.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(ms);
  // Date.UTC rolls 31 February over and reads years below 100 as 1900 and later; the parts must come back as they went in.
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  return same ? ms + Number((match[7] ?? "").padEnd(3, "0").slice(0, 3)) : undefined;
}
