/** The set tree as `docs/spec/set-tree.md` defines it, word by word: slow, on strings of bits, with its own SHA-256. */

import { createHash } from "node:crypto";
import type { Counts } from "./arbitrary-sets.js";

const sha256 = (hex: string) => createHash("sha256").update(Buffer.from(hex, "hex")).digest("hex");
const byte = (value: number) => value.toString(16).padStart(2, "0");
const bitsOf = (key: string) =>
  [...key].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, "0")).join("");

export function referenceSetRoot(counts: Counts): string {
  if (counts.size === 0) return sha256("02");
  return top([...counts].map(([key, count]) => ({ bits: bitsOf(key), key, count })));
}

function top(keys: readonly { readonly bits: string; readonly key: string; readonly count: number }[]): string {
  if (keys.length === 1) {
    const [{ key, count }] = keys as [(typeof keys)[number]];
    return sha256(`02${key}${BigInt(count).toString(16).padStart(16, "0")}`);
  }
  let bit = 0;
  while (keys.every(({ bits }) => bits[bit] === keys[0]!.bits[bit])) bit++;
  const side = (digit: string) => top(keys.filter(({ bits }) => bits[bit] === digit));
  return sha256(`03${byte(bit)}${side("0")}${side("1")}`);
}
