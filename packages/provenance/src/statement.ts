/**
 * in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md), and the two types that keep unverified and verified
 * statements apart. Only the judge (`judge.ts`) makes a {@link VerifiedStatement}.
 *
 * A subject carries exactly one digest: in-toto lets a consumer accept *any* digest of a subject, and a set is a weaker
 * claim than a data set.
 */

import { canonicalJson, FormatError, parseCanonicalJson, parseStrictJson, sha256, toHex } from "@assay/merkle";
import { splitLines } from "./lines.js";

/** One thing that a statement is about: a name and exactly one digest. */
export interface Subject {
  readonly name: string;
  readonly digest: Readonly<Record<string, string>>;
}

export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
export const PREDICATE_BASE = "urn:assay:predicate:";

export interface Statement<Predicate = unknown> {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: Predicate;
}

/** A person of the policy who signed, and as what. */
export interface StatementSigner {
  readonly person: string;
  readonly keyId: string;
  readonly roles: readonly string[];
}

declare const verified: unique symbol;

/** A statement whose signatures were verified over the very bytes that were parsed, and judged by a policy. */
export interface VerifiedStatement<Predicate = unknown> {
  readonly [verified]: true;
  readonly statement: Statement<Predicate>;
  /** SHA-256 of the statement's bytes, lower-case hex. */
  readonly digest: string;
  /** Distinct people; empty when nothing was judged (integrity only). */
  readonly signers: readonly StatementSigner[];
  /** `judged` by a policy or a trusted key; `intact` when only artefacts and digests were checked. */
  readonly trust: "judged" | "intact";
}

/** A statement as it was read: nothing is known about who made it. */
export interface ReadStatement {
  readonly statement: Statement;
  /** The bytes that were parsed, and that a signature is over; without a line feed. */
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, lower-case hex. */
  readonly digest: string;
}

export interface ParseStatementOptions {
  /** Where the statement stands, for messages. Default `statement`. */
  readonly place?: string;
  /** Refuse anything but RFC 8785 bytes: what Assay itself writes. Default false. */
  readonly canonical?: boolean;
  /** Largest accepted number of bytes. Default 64 MiB. */
  readonly maxBytes?: number;
}

const MAX_STATEMENT_BYTES = 64 * 1024 * 1024;
const MAX_SUBJECTS = 10_000;
const MAX_DEPTH = 64;

/**
 * Parses one in-toto statement. Members of the statement that in-toto v1 does not define are refused; the predicate is
 * not looked at (see `readPredicate`).
 *
 * @throws FormatError `malformed-statement` naming what is wrong, `limit-exceeded` above `maxBytes`
 */
export function parseStatement(bytes: Uint8Array, options: ParseStatementOptions = {}): ReadStatement {
  const { place = "statement", canonical = false, maxBytes = MAX_STATEMENT_BYTES } = options;
  if (bytes.length > maxBytes) {
    throw new FormatError(
      "limit-exceeded",
      `Cannot read ${place}: it has ${bytes.length} bytes, maxBytes is ${maxBytes}.`,
      {
        details: { place, limit: "maxBytes", value: bytes.length, allowed: maxBytes },
      },
    );
  }
  const reading = { code: "malformed-statement", subject: place, maxDepth: MAX_DEPTH, maxBytes } as const;
  const value: unknown = canonical
    ? parseCanonicalJson(bytes, { ...reading, finalNewline: "forbidden" })
    : parseStrictJson(bytes, reading);
  const fail = (what: string): never => {
    throw new FormatError("malformed-statement", `Cannot read ${place}: ${what}.`, { details: { place } });
  };
  if (!isJsonObject(value)) return fail("it is not an object");
  for (const member of Object.keys(value)) {
    if (!["_type", "subject", "predicateType", "predicate"].includes(member)) fail(`unknown member "${member}"`);
  }
  const { _type, subject, predicateType, predicate } = value;
  if (_type !== STATEMENT_TYPE) fail(`_type is ${JSON.stringify(_type)}, expected "${STATEMENT_TYPE}"`);
  if (typeof predicateType !== "string" || !/^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(predicateType)) {
    return fail("predicateType is not a URI");
  }
  if (predicate !== undefined && !isJsonObject(predicate)) fail("predicate is not an object");
  if (!Array.isArray(subject) || subject.length === 0) return fail("subject is not a list with at least one entry");
  if (subject.length > MAX_SUBJECTS) fail(`it has more than ${MAX_SUBJECTS} subjects`);
  for (const [index, entry] of (subject as unknown[]).entries()) {
    if (!isJsonObject(entry) || !isJsonObject(entry.digest)) return fail(`subject ${index} has no digest`);
    if (entry.name !== undefined && typeof entry.name !== "string") fail(`the name of subject ${index} is not a text`);
    const digests = Object.values(entry.digest);
    if (digests.length === 0) fail(`subject ${index} has no digest`);
    if (!digests.every((digest) => typeof digest === "string" && digest !== "")) {
      fail(`a digest of subject ${index} is not a text`);
    }
  }
  return { statement: value as unknown as Statement, bytes, digest: toHex(sha256(bytes)) };
}

/** The RFC 8785 bytes of a statement, without a line feed: what is signed. */
export function formatStatement(statement: Statement): Uint8Array {
  return new TextEncoder().encode(canonicalJson(statement));
}

export interface ParseStatementsOptions {
  /** Largest accepted number of bytes of the file. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Largest accepted number of lines. Default 10,000. */
  readonly maxLines?: number;
}

/**
 * Parses `statements.jsonl`: RFC 8785 objects, each followed by one line feed, none twice.
 *
 * @throws FormatError `malformed-statement` naming the line, `limit-exceeded`
 */
export function parseStatements(bytes: Uint8Array, options: ParseStatementsOptions = {}): ReadStatement[] {
  const seen = new Set<string>();
  return splitLines(bytes, { ...options, file: "statements.jsonl", code: "malformed-statement" }).map((line, index) => {
    const place = `line ${index + 1} of statements.jsonl`;
    const read = parseStatement(line, { place, canonical: true });
    if (seen.has(read.digest)) {
      throw new FormatError("malformed-statement", `Cannot read ${place}: the same statement stands above it.`, {
        details: { place, line: index + 1 },
      });
    }
    seen.add(read.digest);
    return read;
  });
}

/** Formats `statements.jsonl`, in the order given. Inverse of {@link parseStatements}. */
export function formatStatements(statements: readonly Statement[]): Uint8Array {
  const lines = statements.map(formatStatement);
  const bytes = new Uint8Array(lines.reduce((sum, line) => sum + line.length + 1, 0));
  let offset = 0;
  for (const line of lines) {
    bytes.set(line, offset);
    bytes[offset + line.length] = 0x0a;
    offset += line.length + 1;
  }
  return bytes;
}

/** Whether a value is an object of JSON: neither null nor a list. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
