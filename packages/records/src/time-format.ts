/** Dates, times and durations as text: what `time-text.ts` reads back. Years outside 0000–9999 get a sign, to be shown only. */

const DAY = 86400n;

function pad(value: number, count: number): string {
  return String(value).padStart(count, "0");
}

function fraction(nanoseconds: number): string {
  return nanoseconds === 0 ? "" : `.${pad(nanoseconds, 9).replace(/0+$/, "")}`;
}

/** `YYYY-MM-DD` of days since 1970-01-01 (H. Hinnant, "chrono-compatible date algorithms"). */
export function formatDate(days: number): string {
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthIndex + 2) / 5) + 1;
  const month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const yearText = year >= 0 && year <= 9999 ? pad(year, 4) : `${year < 0 ? "-" : "+"}${pad(Math.abs(year), 6)}`;
  return `${yearText}-${pad(month, 2)}-${pad(day, 2)}`;
}

function formatClock(secondsOfDay: number, nanoseconds: number): string {
  const hour = Math.floor(secondsOfDay / 3600);
  const minute = Math.floor(secondsOfDay / 60) % 60;
  return `${pad(hour, 2)}:${pad(minute, 2)}:${pad(secondsOfDay % 60, 2)}${fraction(nanoseconds)}`;
}

/** A value of a temporal type, from its seconds rounded down and its nanoseconds. */
export function formatTemporal(
  type: "time" | "timestamp" | "instant" | "duration",
  seconds: bigint,
  nanoseconds: number,
): string {
  if (type === "time") return formatClock(Number(seconds), nanoseconds);
  if (type === "duration") {
    const negative = seconds < 0n;
    const whole = negative ? -seconds - (nanoseconds > 0 ? 1n : 0n) : seconds;
    const rest = negative && nanoseconds > 0 ? 1_000_000_000 - nanoseconds : nanoseconds;
    return `${negative ? "-" : ""}PT${whole}${fraction(rest)}S`;
  }
  const secondsOfDay = ((seconds % DAY) + DAY) % DAY;
  const days = Number((seconds - secondsOfDay) / DAY);
  return `${formatDate(days)}T${formatClock(Number(secondsOfDay), nanoseconds)}${type === "instant" ? "Z" : ""}`;
}
