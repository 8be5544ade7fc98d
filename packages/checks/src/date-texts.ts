/** Dates written as text (ISO 8601), as files without types of their own hold them: JSONL, and CSV columns with an odd cell. */

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d{1,9})?))?(?:Z|([+-])(\d\d):?(\d\d))?)?$/;
const DAY_MS = 86_400_000;

/**
 * Days since 1970-01-01 of a date, or of a date and time; times without a zone are taken for UTC. NaN for any other text.
 *
 * @example
 * daysOfText("1970-01-02T12:00:00Z"); // 1.5
 */
export function daysOfText(text: string): number {
  const parts = DATE.exec(text);
  if (!parts) return Number.NaN;
  const [year, month, day, hour, minute] = [1, 2, 3, 4, 5].map((i) => Number(parts[i] ?? 0)) as number[];
  const second = Number(parts[6] ?? 0);
  // Date.UTC takes years below 100 for those of the twentieth century.
  if (year! < 100 || hour! > 23 || minute! > 59 || second >= 60) return Number.NaN;
  const midnight = Date.UTC(year!, month! - 1, day);
  if (new Date(midnight).getUTCDate() !== day || new Date(midnight).getUTCMonth() !== month! - 1) return Number.NaN;
  const offset = parts[7] === undefined ? 0 : (parts[7] === "-" ? -1 : 1) * (60 * Number(parts[8]) + Number(parts[9]));
  return midnight / DAY_MS + (60 * (hour! * 60 + minute! - offset) + second) / 86_400;
}

/** Days since 1970-01-01 as ISO 8601 text, to the second; `undefined` beyond what a date can be. */
export function textOfDays(days: number): string | undefined {
  const ms = Math.round(days * 86_400) * 1000;
  if (!(Math.abs(ms) <= 8.64e15)) return undefined;
  const text = new Date(ms).toISOString().replace(".000Z", "Z");
  return text.endsWith("T00:00:00Z") ? text.slice(0, -10) : text;
}
