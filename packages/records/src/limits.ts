/** The caps of reading, with their defaults. */

import { FormatError } from "@assay/merkle";
import type { Limits } from "./reader.js";

/** A batch of a text format ends early when it holds this much text, so that memory does not follow long records. */
export const BATCH_BYTES = 32 * 1024 * 1024;

/** Every cap at its default. */
export const DEFAULT_LIMITS: Limits = {
  maxRecordBytes: 256 * 1024 * 1024,
  maxColumns: 100_000,
  maxGroupBytes: 4 * 1024 * 1024 * 1024,
  maxInflation: 250,
  maxMembers: 4_000_000,
  maxWindowBytes: 128 * 1024 * 1024,
};

/** Most that maxRecordBytes can be: offsets in the buffer of a record have 31 bits. */
const MOST_RECORD_BYTES = 1_000_000_000;

/**
 * The caps that hold: those given, else the defaults.
 *
 * @throws RangeError for a cap that is none.
 */
export function limitsOf({ limits = {} }: { readonly limits?: Partial<Limits> }): Limits {
  const all = { ...DEFAULT_LIMITS, ...limits };
  for (const [name, value] of Object.entries(all)) {
    if (!(value >= 1)) throw new RangeError(`limits.${name} must be at least 1, not ${value}`);
  }
  if (all.maxRecordBytes > MOST_RECORD_BYTES) {
    throw new RangeError(`limits.maxRecordBytes must be at most ${MOST_RECORD_BYTES}, not ${all.maxRecordBytes}`);
  }
  return all;
}

/** Refuses a record of a text format that is longer than `maxRecordBytes`. */
export function refuseLongRecord(path: string, line: number, maxRecordBytes: number): never {
  throw new FormatError(
    "limit-exceeded",
    `${path}, line ${line}: the record is longer than maxRecordBytes (${maxRecordBytes} bytes). Is a quote left open there? If records are really that long, raise maxRecordBytes`,
    { details: { path, line, limit: "maxRecordBytes", value: maxRecordBytes } },
  );
}

/** Most different names of members that the line kernel holds: where fewer are allowed, it is not asked. */
export const MOST_KERNEL_KEYS = 1024;
