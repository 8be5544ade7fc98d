/**
 * How CSV is written (`docs/spec/manifest.md`, "Dialect"): the strict form that a manifest holds, and the bytes that the
 * scanner looks for.
 */

import { FormatError } from "@assay/merkle";
import type { Dialect } from "./reader.js";

export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

/** A dialect with every default filled in, its characters as UTF-8 bytes. */
export interface CsvDialect {
  readonly delimiter: Uint8Array;
  /** Empty: nothing is quoted. */
  readonly quote: Uint8Array;
  /** `null`: a quote inside quotes is written twice. */
  readonly escape: Uint8Array | null;
  readonly header: boolean;
  readonly encoding: Encoding;
}

const ENCODINGS = ["utf-16le", "utf-16be", "windows-1252"];

function refuse(field: string, value: unknown, reason: string): never {
  throw new FormatError("bad-dialect", `Cannot read CSV with ${field} ${JSON.stringify(value)}: ${reason}`, {
    details: { field, value: typeof value === "object" ? JSON.stringify(value) : value },
  });
}

function checkCharacter(field: string, value: unknown, usual: string): void {
  if (value === usual) refuse(field, value, "that is the default, which is not written down; leave it out");
  if (typeof value !== "string" || [...value].length !== 1) refuse(field, value, "it must be one character");
  if (/[\n\r\uFEFF\p{Surrogate}]/u.test(value))
    refuse(field, value, "line ends, U+FEFF and lone surrogates cannot be used");
}

/**
 * Reads a dialect strictly: exactly what a manifest may hold.
 *
 * @throws FormatError `bad-dialect` for a default that is written out, an unknown field, or a value that cannot be.
 * @example
 * parseDialect({ delimiter: ";" }); // the same
 */
export function parseDialect(value: unknown): Dialect {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    refuse("dialect", value, "it must be an object");
  }
  const fields = new Map(Object.entries(value));
  for (const field of fields.keys()) {
    if (!["delimiter", "quote", "escape", "header", "encoding"].includes(field)) {
      refuse(field, fields.get(field), "there is no such field; known are delimiter, quote, escape, header, encoding");
    }
  }
  const [delimiter, quote, escaping, header, encoding] = ["delimiter", "quote", "escape", "header", "encoding"].map(
    (field) => fields.get(field),
  );
  if (delimiter !== undefined) checkCharacter("delimiter", delimiter, ",");
  if (quote !== undefined && quote !== "") checkCharacter("quote", quote, '"');
  if (escaping !== undefined) checkCharacter("escape", escaping, (quote ?? '"') as string);
  if (escaping !== undefined && quote === "") refuse("escape", escaping, "nothing is quoted in this dialect");
  checkApart((delimiter ?? ",") as string, (quote ?? '"') as string, escaping as string | undefined);
  if (header !== undefined && header !== false) refuse("header", header, "it can only be false");
  if (encoding !== undefined && !ENCODINGS.includes(encoding)) {
    refuse("encoding", encoding, `known are ${ENCODINGS.join(", ")}, and utf-8, which is the default`);
  }
  return Object.fromEntries([...fields].filter(([, field]) => field !== undefined)) as Dialect;
}

function checkApart(delimiter: string, quote: string, escaping: string | undefined): void {
  if (delimiter === quote) refuse("delimiter", delimiter, "it is the quote too");
  if (delimiter === escaping) refuse("delimiter", delimiter, "it is the escape too");
}

/**
 * Leaves out what a person wrote although it is the default (`--delimiter ,`), then reads strictly.
 *
 * @throws FormatError `bad-dialect`, as {@link parseDialect} does.
 */
export function dialectWithoutDefaults(options: {
  readonly delimiter?: string;
  readonly quote?: string;
  readonly escape?: string;
  readonly header?: boolean;
  readonly encoding?: string;
}): Dialect {
  const defaults = new Map<string, unknown>([
    ["delimiter", ","],
    ["quote", '"'],
    ["escape", options.quote ?? '"'],
    ["header", true],
    ["encoding", "utf-8"],
  ]);
  return parseDialect(
    Object.fromEntries(Object.entries(options).filter(([field, value]) => defaults.get(field) !== value)),
  );
}

/**
 * Fills in the defaults; in `tsv` files the delimiter is always a tab.
 *
 * @throws FormatError `bad-dialect`.
 */
export function resolveDialect(dialect: Dialect, format: "csv" | "tsv"): CsvDialect {
  const { delimiter = ",", quote = '"', escape: escaping, header, encoding = "utf-8" } = parseDialect(dialect);
  const parted = format === "tsv" ? "\t" : delimiter;
  checkApart(parted, quote, escaping);
  const encoder = new TextEncoder();
  return {
    delimiter: encoder.encode(parted),
    quote: encoder.encode(quote),
    escape: escaping === undefined ? null : encoder.encode(escaping),
    header: header !== false,
    encoding,
  };
}
