/** What travels between the executor and its worker threads: plain data, and errors that keep their class and code. */

import {
  AssayError,
  type AssayErrorCode,
  CheckError,
  FormatError,
  isAssayError,
  SourceError,
  TrustError,
  VerificationError,
} from "@assay/merkle";

/** To a worker: one input of a task. */
export interface WorkRequest {
  readonly id: number;
  readonly module: string;
  readonly name: string;
  readonly options: unknown;
  readonly input: unknown;
}

/** From a worker: units of work that are done, and in the end the output or the error. */
export type WorkReply =
  | { readonly id: number; readonly units: number }
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: PlainError };

/** An error as plain data. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Errors of Assay only. */
  readonly code?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: PlainError;
}

const ASSAY_ERRORS = { VerificationError, TrustError, FormatError, SourceError, CheckError } as const;
const OTHER_ERRORS = { TypeError, RangeError, SyntaxError, ReferenceError } as const;
/** Causes of causes that are kept. */
const MAX_CAUSES = 4;

/** An error, or whatever else was thrown, as plain data. */
export function toPlainError(thrown: unknown, depth = 0): PlainError {
  if (!(thrown instanceof Error)) return { name: "Error", message: String(thrown), stack: undefined };
  const { name, message, stack, cause } = thrown;
  return {
    name,
    message,
    stack,
    ...(isAssayError(thrown) ? { code: thrown.code, details: thrown.details } : {}),
    ...(cause === undefined || depth === MAX_CAUSES ? {} : { cause: toPlainError(cause, depth + 1) }),
  };
}

/** The error again, of the class it had. */
export function fromPlainError({ name, message, stack, code, details, cause }: PlainError): Error {
  const options = cause === undefined ? {} : { cause: fromPlainError(cause) };
  if (code !== undefined) {
    const Class = (
      Object.hasOwn(ASSAY_ERRORS, name) ? ASSAY_ERRORS[name as keyof typeof ASSAY_ERRORS] : AssayError
    ) as typeof AssayError;
    return keepStack(new Class(code as AssayErrorCode, message, { details: details ?? {}, ...options }), stack);
  }
  if (Object.hasOwn(OTHER_ERRORS, name)) {
    return keepStack(new OTHER_ERRORS[name as keyof typeof OTHER_ERRORS](message, options), stack);
  }
  const error = new Error(message, options);
  error.name = name;
  return keepStack(error, stack);
}

function keepStack(error: Error, stack: string | undefined): Error {
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** Smaller buffers are copied: runtimes cut small arrays out of shared pools, which must not be taken away. */
const TRANSFER_BYTES = 65_536 + 1;

/** The buffers in an output that can be handed over instead of copied. */
export function transferableBuffers(output: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const visit = (value: unknown, depth: number): void => {
    if (typeof value !== "object" || value === null || depth > 16) return;
    if (ArrayBuffer.isView(value)) {
      if (value.buffer instanceof ArrayBuffer && value.buffer.byteLength >= TRANSFER_BYTES) found.add(value.buffer);
    } else if (Array.isArray(value)) {
      // Long arrays of texts or bigints hold no buffers.
      if (typeof value[0] === "object") for (const element of value) visit(element, depth + 1);
    } else if (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null) {
      for (const member of Object.values(value)) visit(member, depth + 1);
    }
  };
  visit(output, 0);
  return [...found];
}
