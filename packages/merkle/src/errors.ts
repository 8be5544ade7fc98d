/**
 * The errors of Assay. One class for each thing that the caller should do next; the code says exactly what went wrong.
 *
 * They live in the lowest package, so that every package throws the same ones. A class is recognised by its name and a
 * registered symbol, never by identity: two installed copies of this package still understand each other's errors.
 */

const brand: unique symbol = Symbol.for("@assay/error") as never;

/** Something does not match: bytes, records, an artefact, a proof or a log. Exit code 2. */
export type VerificationCode =
  | "ambiguous-record"
  | "artefact-mismatch"
  | "bytes-mismatch"
  | "change-mismatch"
  | "count-mismatch"
  | "count-overflow"
  | "count-underflow"
  | "dataset-root-mismatch"
  | "derivation-mismatch"
  | "empty-start"
  | "file-missing"
  | "file-unexpected"
  | "head-mismatch"
  | "index-out-of-range"
  | "leaf-format-mismatch"
  | "leaf-key-mismatch"
  | "leaf-key-missing"
  | "leaf-mismatch"
  | "proof-length"
  | "reading-mismatch"
  | "records-root-mismatch"
  | "removed-mismatch"
  | "root-mismatch"
  | "schema-digest-mismatch"
  | "set-root-mismatch"
  | "size-mismatch"
  | "size-order"
  | "split-overlap"
  | "split-root-mismatch"
  | "tree-incomplete"
  | "tree-not-minimal"
  | "tree-order"
  | "version-mismatch";

/** Not trusted: signature, signer, role, threshold or time. Exit code 3. */
export type TrustCode =
  | "bad-signature"
  | "expired-key"
  | "missing-statement"
  | "not-separate"
  | "revoked-key"
  | "stale-statement"
  | "threshold-not-met"
  | "unknown-signer"
  | "wrong-role";

/** Malformed input. Exit code 4. */
export type FormatCode =
  | "ambiguous-split"
  | "bad-arrow"
  | "bad-compression"
  | "bad-config"
  | "bad-csv"
  | "bad-dialect"
  | "bad-json"
  | "bad-key"
  | "bad-matrix"
  | "bad-parquet"
  | "bad-path"
  | "bad-policy"
  | "bad-schema"
  | "bad-tar"
  | "bad-value"
  | "count-out-of-range"
  | "duplicate-column"
  | "duplicate-key"
  | "duplicate-map-key"
  | "duplicate-path"
  | "invalid-utf8"
  | "key-order"
  | "leaf-key-too-short"
  | "limit-exceeded"
  | "malformed-entry"
  | "malformed-envelope"
  | "malformed-findings"
  | "malformed-leaf-key"
  | "malformed-manifest"
  | "malformed-page"
  | "malformed-pins"
  | "malformed-proof"
  | "malformed-removed"
  | "malformed-statement"
  | "malformed-tile"
  | "no-header"
  | "not-a-record"
  | "not-canonical"
  | "null-map-key"
  | "number-out-of-range"
  | "path-collision"
  | "path-order"
  | "ragged-record"
  | "schema-mismatch"
  | "too-deep"
  | "undeclared-column"
  | "unknown-format"
  | "unsupported-leaf-format"
  | "unsupported-type";

/** Cannot be read or written, is missing, or changed while it was read. Exit code 5. */
export type SourceCode =
  | "cannot-read"
  | "cannot-write"
  | "data-missing"
  | "disk-full"
  | "executor-failed"
  | "exists"
  | "is-a-directory"
  | "link-leaves-root"
  | "link-loop"
  | "locked"
  | "not-found"
  | "not-kept"
  | "permission-denied"
  | "source-changed"
  | "unwritable-path";

/** A gate or policy said no, or a check could not run as asked. Exit code 1. */
export type CheckCode =
  | "check-failed"
  | "check-not-completed"
  | "control-gap"
  | "excluded-column"
  | "gate-failed"
  | "memory-exceeded"
  | "power-too-low"
  | "too-many-findings";

export type AssayErrorCode = VerificationCode | TrustCode | FormatCode | SourceCode | CheckCode;

/** What an error says besides its code and message: plain data that names the place and the values. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface AssayErrorOptions {
  /** Typed facts: `path`, `line`, `column`, `value`, `expected`, `actual`, … Plain JSON data. */
  readonly details?: ErrorDetails;
  /** The error this one was made from. */
  readonly cause?: unknown;
}

/**
 * The base of all errors that Assay throws for reasons outside the caller's code.
 *
 * @example
 * try { parseManifest(bytes); } catch (error) { if (isAssayError(error)) console.error(error.code); }
 */
export class AssayError<Code extends AssayErrorCode = AssayErrorCode> extends Error {
  readonly code: Code;
  readonly details: ErrorDetails;

  constructor(code: Code, message: string, options: AssayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AssayError";
    this.code = code;
    this.details = options.details ?? {};
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Something does not match what was committed to. */
export class VerificationError extends AssayError<VerificationCode | FormatCode> {
  override readonly name: string = "VerificationError";
}

/** The signer, role, threshold or time is not trusted. */
export class TrustError extends AssayError<TrustCode> {
  override readonly name: string = "TrustError";
}

/** The input is malformed. */
export class FormatError extends AssayError<FormatCode> {
  override readonly name: string = "FormatError";
}

/** A source or destination cannot be read or written. */
export class SourceError extends AssayError<SourceCode> {
  override readonly name: string = "SourceError";
}

/** A gate, policy or check said no. */
export class CheckError extends AssayError<CheckCode> {
  override readonly name: string = "CheckError";
}

/** Whether a value is an error of Assay, also one from another installed copy. */
export function isAssayError(value: unknown): value is AssayError {
  return value instanceof Error && (value as { [brand]?: unknown })[brand] === true;
}

/**
 * The exit code of a command that ends with this error (DESIGN: 1 gate, 2 tampered, 3 untrusted, 4 malformed,
 * 5 cannot read or write, 70 a bug in Assay).
 */
export function exitCodeOf(error: unknown): 1 | 2 | 3 | 4 | 5 | 70 {
  if (!isAssayError(error)) return 70;
  switch (error.name) {
    case "CheckError":
      return 1;
    case "VerificationError":
      return 2;
    case "TrustError":
      return 3;
    case "FormatError":
      return 4;
    case "SourceError":
      return 5;
    default:
      return 70;
  }
}
