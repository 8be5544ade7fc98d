/** Numbers for people, without a locale: the same text everywhere. */

/** A count with commas: `1,234,567`. */
export function countText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 finding`, `2 findings`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/** A number of bytes in decimal units: `1.2 MB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? countText(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A share from 0 to 1 in per cent, with as many digits as tell it from 0: `3.2 %`. */
export function shareText(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  const size = Math.abs(percent);
  if (size >= 99.95 && size < 100) return "> 99.9 %";
  return `${size >= 10 ? Number(percent.toFixed(1)) : size >= 0.1 ? Number(percent.toFixed(2)) : Number(percent.toPrecision(2))} %`;
}

/** A measured number with at most `digits` significant ones; default 4. */
export function measureText(value: number, digits = 4): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return countText(value);
  return String(Number(value.toPrecision(digits)));
}
