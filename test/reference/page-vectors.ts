/**
 * Page files, and `set-tops.json`, from the definitions (`docs/spec/set-tree.md`, "Pages" and "Tops") and the reference's set
 * tree alone.
 */

import { createHash } from "node:crypto";
import * as reference from "./reference.js";

type Counts = ReadonlyMap<string, number>;

/** So many keys that begin so, then the digits of SHA-256("tops" ‖ prefix ‖ " " ‖ number); the count is 1 + number mod 3. */
const GROUPS: readonly (readonly [prefix: string, n: number])[] = [
  ["0", 16],
  ["1", 17],
  ["2", 33],
  ["8", 130],
  ["c0", 40],
  ["3fa", 4100],
];

const sha = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex");

function keysOf(groups: typeof GROUPS): Counts {
  const keys = groups.flatMap(([prefix, n]) =>
    Array.from(
      { length: n },
      (_, i) => [prefix + sha(`tops${prefix} ${i}`).slice(prefix.length), 1 + (i % 3)] as const,
    ),
  );
  return new Map(keys);
}

const below = (counts: Counts, prefix: string): Counts =>
  new Map([...counts].filter(([key]) => key.startsWith(prefix)));
const byte = (n: number) => n.toString(16).padStart(2, "0");
/** The first bits of the digits behind a prefix, as a number. */
const partOf = (key: string, prefix: string, bits: number) =>
  Number.parseInt(key.slice(prefix.length, prefix.length + 2), 16) >> (8 - bits);

function slotOf(page: Counts, prefix: string): string {
  let bits = 0;
  while (page.size > 16 * 2 ** bits) bits++;
  if (page.size > 4096 || bits === 0) return "00";
  const parts = Array.from({ length: 2 ** bits }, (_, part) =>
    [...page].filter(([key]) => partOf(key, prefix, bits) === part),
  );
  const marks = parts.map((part) => (part.length > 0 ? "1" : "0")).join("");
  const bitmap = marks.padEnd(8, "0").replace(/.{8}/g, (eight) => byte(Number.parseInt(eight, 2)));
  const tops = parts.filter((part) => part.length > 0).map((part) => reference.setRoot(new Map(part)));
  return byte(bits) + bitmap + tops.join("");
}

/** All page files of a set, path → hex. */
export function pageFiles(counts: Counts, prefix = ""): Map<string, string> {
  const path = `set/${prefix === "" ? "root" : [...prefix].join("/")}.page`;
  const head = (type: string) => Buffer.from(`assayset1${type}`).toString("hex") + byte(prefix.length) + evenly(prefix);
  if (counts.size <= 4096) {
    const keys = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
    const entries = keys.map(([key, count]) => key + count.toString(16).padStart(16, "0"));
    return new Map([[path, head("K") + entries.join("")]]);
  }
  const slots = [..."0123456789abcdef"]
    .map((digit) => [prefix + digit, below(counts, prefix + digit)] as const)
    .filter(([, keys]) => keys.size > 0);
  const bitmap = slots.reduce((bits, [slot]) => bits | (0x8000 >> Number.parseInt(slot.slice(-1), 16)), 0);
  const page =
    head("I") + bitmap.toString(16).padStart(4, "0") + slots.map(([, keys]) => reference.setRoot(keys)).join("");
  return new Map([[path, page], ...slots.flatMap(([slot, keys]) => [...pageFiles(keys, slot)])]);
}

const evenly = (prefix: string) => prefix + "0".repeat(prefix.length % 2);

function fileOf(counts: Counts, prefix: string): string {
  const head = Buffer.from("assaytops1").toString("hex") + byte(prefix.length) + evenly(prefix);
  const slots = [..."0123456789abcdef"].map((digit) => slotOf(below(counts, prefix + digit), prefix + digit));
  return head + slots.join("");
}

export function topsVectors(): reference.Json {
  const counts = keysOf(GROUPS);
  const prefixes = ["", "3", "3f", "3fa"].filter((prefix) => below(counts, prefix).size > 4096);
  const files = prefixes.map((prefix) => {
    const bytes = fileOf(counts, prefix);
    const path = `set-tops/${prefix === "" ? "root" : [...prefix].join("/")}.tops`;
    return { path, sha256: sha(Buffer.from(bytes, "hex")), ...(bytes.length > 8000 ? {} : { bytes }) };
  });
  const root = fileOf(counts, "");
  const head = root.slice(0, 22);
  const zeros = "00".repeat(16);
  const invalid = [
    ["another magic", root.replace("73", "74")],
    ["the length of another prefix", root.slice(0, 20) + byte(1) + root.slice(22)],
    ["nine bits", `${head}09${"ff".repeat(64)}${"ab".repeat(32 * 512)}${zeros.slice(2)}`],
    ["a bitmap without a part", `${head}0100${zeros.slice(2)}`],
    ["a part that one bit cannot number", `${head}0120${"ab".repeat(32)}${zeros.slice(2)}`],
    ["fewer slots", head + zeros.slice(2)],
    ["cut off in a top", root.slice(0, 300)],
    ["cut off in a bitmap", `${head}08ffff`],
    ["something behind", `${root}00`],
    ["nothing", ""],
  ].map(([why, bytes]) => ({ why, path: "set-tops/root.tops", bytes, error: "malformed-page" }));
  return {
    about:
      "Files of tops beside the index pages of one set. keys: for each [prefix, n] the keys i = 0 … n-1 are the prefix and then the digits of hex SHA-256(UTF-8 'tops<prefix> <i>') from the same place on; their count is 1 + i mod 3. bytes (hex) is left out where it is long. invalid: bytes that are no such file.",
    keys: GROUPS,
    root: reference.setRoot(new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))),
    files,
    invalid,
  };
}
