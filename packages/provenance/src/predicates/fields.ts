/** The kinds of field that several predicates have, as zod schemas. Everything is strict: an unknown member is refused. */

import { checkPath } from "@assay/manifest";
import { isAssayError } from "@assay/merkle";
import { z } from "zod";
import { parseInstant } from "../instant.js";

/** SHA-256, 64 lower-case hex digits. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/, "is not 64 lower-case hex digits");

/** RFC 3339 in UTC, `2026-03-01T09:30:00Z`. */
export const instant = z
  .string()
  .refine((text) => parseInstant(text) !== undefined, "is not an instant such as 2026-03-01T09:30:00Z");

/** A text that says something: neither empty nor only spaces, and short enough to show. */
export const words = z.string().max(10_000).regex(/\S/, "is empty");

export const count = z.int().min(0);

/** A share or rate, 0 to 1. */
export const share = z.number().min(0).max(1);

export const tool = z.strictObject({ name: words, version: words });

/** Any JSON object; `parseStrictJson` made it, so it is plain data. */
export const jsonObject = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "is not an object",
);

/** A path of a file inside the folder that is judged: relative, no `..`, nothing a file system could take for another path. */
export const folderPath = z.string().refine(isFolderPath, "is not a path inside the folder");

export function isFolderPath(path: string): boolean {
  try {
    checkPath(path);
    return true;
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return false;
  }
}

export const severity = z.enum(["low", "medium", "high"]);
