/**
 * A slow, literal transcription of `docs/spec/leaf-encoding.md`, to check the fast code against: values are objects, numbers
 * are exact fractions, every rule is one branch.
 */

/** A value with its exact meaning; a number is `numerator` / `denominator`. */
export type SlowValue =
  | null
  | { readonly boolean: boolean }
  | { readonly number: Fraction | "nan" | "inf" | "-inf" }
  | { readonly text: string }
  | { readonly bytes: Uint8Array }
  | { readonly date: bigint }
  | { readonly nanoseconds: bigint; readonly is: "time" | "timestamp" | "instant" | "duration" }
  | { readonly list: readonly SlowValue[] }
  | { readonly struct: readonly (readonly [string, SlowValue])[] }
  | { readonly map: readonly (readonly [SlowValue, SlowValue])[] };

export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

type Bytes = readonly number[];

function head(major: number, argument: bigint): Bytes {
  const digits = (count: number) =>
    Array.from({ length: count }, (_, index) => Number((argument >> BigInt(8 * (count - 1 - index))) & 255n));
  if (argument < 24n) return [(major << 5) | Number(argument)];
  if (argument < 1n << 8n) return [(major << 5) | 24, ...digits(1)];
  if (argument < 1n << 16n) return [(major << 5) | 25, ...digits(2)];
  if (argument < 1n << 32n) return [(major << 5) | 26, ...digits(4)];
  return [(major << 5) | 27, ...digits(8)];
}

function integer(value: bigint): Bytes {
  return value >= 0n ? head(0, value) : head(1, -1n - value);
}

function bignum(value: bigint): Bytes {
  const bytes: number[] = [];
  for (let rest = value >= 0n ? value : -1n - value; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 255n));
  return [...head(6, value >= 0n ? 2n : 3n), ...head(2, BigInt(bytes.length)), ...bytes];
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function gcd(left: bigint, right: bigint): bigint {
  return right === 0n ? left : gcd(right, left % right);
}

export function reduce({ numerator, denominator }: Fraction): Fraction {
  const divisor = gcd(abs(numerator), denominator) || 1n;
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** The exact fraction of a finite double. */
export function fractionOf(value: number): Fraction {
  let denominator = 1n;
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    denominator *= 2n;
  }
  return reduce({ numerator: BigInt(scaled), denominator });
}

/** The bits of a fraction in a binary format, or null when the format cannot hold it exactly. */
function exactBits(value: Fraction, exponentBits: number, fractionBits: number): bigint | null {
  const { numerator, denominator } = reduce(value);
  const bias = (1 << (exponentBits - 1)) - 1;
  const sign = numerator < 0n ? 1n << BigInt(exponentBits + fractionBits) : 0n;
  const magnitude = abs(numerator);
  for (let exponent = 1 - bias; exponent <= bias; exponent++) {
    // magnitude / denominator = significand · 2^(exponent − fractionBits)
    const shift = BigInt(fractionBits - exponent);
    const top = shift >= 0n ? magnitude << shift : magnitude;
    const bottom = shift >= 0n ? denominator : denominator << -shift;
    if (top % bottom !== 0n) continue;
    const significand = top / bottom;
    const hidden = 1n << BigInt(fractionBits);
    if (significand >= hidden * 2n) continue;
    if (significand < hidden) {
      if (exponent === 1 - bias) return sign | significand;
      continue;
    }
    return sign | (BigInt(exponent + bias) << BigInt(fractionBits)) | (significand - hidden);
  }
  return null;
}

function bigEndian(value: bigint, count: number): Bytes {
  return Array.from({ length: count }, (_, index) => Number((value >> BigInt(8 * (count - 1 - index))) & 255n));
}

function number(value: Fraction | "nan" | "inf" | "-inf"): Bytes {
  if (value === "nan") return [0xf9, 0x7e, 0x00];
  if (value === "inf") return [0xf9, 0x7c, 0x00];
  if (value === "-inf") return [0xf9, 0xfc, 0x00];
  const { numerator, denominator } = reduce(value);
  if (denominator === 1n && numerator >= -(1n << 64n) && numerator < 1n << 64n) return integer(numerator);
  for (const [first, exponentBits, fractionBits, count] of [
    [0xf9, 5, 10, 2],
    [0xfa, 8, 23, 4],
    [0xfb, 11, 52, 8],
  ] as const) {
    const bits = exactBits({ numerator, denominator }, exponentBits, fractionBits);
    if (bits !== null) return [first, ...bigEndian(bits, count)];
  }
  if (denominator === 1n) return bignum(numerator);
  let exponent = 1n;
  while ((numerator * 10n ** exponent) % denominator !== 0n) exponent++;
  const digits = (numerator * 10n ** exponent) / denominator;
  const small = digits >= -(1n << 64n) && digits < 1n << 64n;
  return [...head(6, 4n), ...head(4, 2n), ...integer(-exponent), ...(small ? integer(digits) : bignum(digits))];
}

function text(value: string): Bytes {
  const bytes = new TextEncoder().encode(value);
  return [...head(3, BigInt(bytes.length)), ...bytes];
}

function sortedMap(pairs: readonly (readonly [Bytes, Bytes])[]): Bytes {
  const hex = (bytes: Bytes) => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const sorted = [...pairs].sort((left, right) => (hex(left[0]) < hex(right[0]) ? -1 : 1));
  return [...head(5, BigInt(pairs.length)), ...sorted.flatMap(([key, value]) => [...key, ...value])];
}

export function slowEncode(value: SlowValue): Bytes {
  if (value === null) return [0xf6];
  if ("boolean" in value) return [value.boolean ? 0xf5 : 0xf4];
  if ("number" in value) return number(value.number);
  if ("text" in value) return text(value.text);
  if ("bytes" in value) return [...head(2, BigInt(value.bytes.length)), ...value.bytes];
  if ("date" in value) return [...head(6, 100n), ...integer(value.date)];
  if ("list" in value)
    return [...head(4, BigInt(value.list.length)), ...value.list.flatMap((part) => slowEncode(part))];
  if ("struct" in value) {
    return sortedMap(
      value.struct.filter(([, part]) => part !== null).map(([name, part]) => [text(name), slowEncode(part)] as const),
    );
  }
  if ("map" in value) return sortedMap(value.map.map(([key, part]) => [slowEncode(key), slowEncode(part)] as const));
  const billion = 1_000_000_000n;
  const rest = ((value.nanoseconds % billion) + billion) % billion;
  const seconds = (value.nanoseconds - rest) / billion;
  if (value.is === "instant" || value.is === "duration") {
    const pairs: [Bytes, Bytes][] = [[integer(1n), integer(seconds)]];
    if (rest !== 0n) pairs.push([integer(-9n), integer(rest)]);
    return [...head(6, value.is === "instant" ? 1001n : 1002n), ...sortedMap(pairs)];
  }
  const parts = [text(value.is), integer(seconds), ...(rest === 0n ? [] : [integer(rest)])];
  return [...head(6, 27n), ...head(4, BigInt(parts.length)), ...parts.flat()];
}
