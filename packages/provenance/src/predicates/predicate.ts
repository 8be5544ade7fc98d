/** What is known about one type of predicate: how it is validated, when it was made, and which files it names. */

import type { z } from "zod";
import type { Statement } from "../statement.js";

/** A program, as it names itself. */
export interface Tool {
  readonly name: string;
  readonly version: string;
}

/** A file of the folder and the SHA-256 of its bytes, lower-case hex. */
export interface Artefact {
  /** Path inside the folder, parted by `/`. */
  readonly path: string;
  readonly sha256: string;
}

/** One type of predicate. There is one for each file of this folder, and the registry lists them. */
export interface PredicateKind<Predicate = unknown> {
  readonly predicateType: string;
  /** Shape of the predicate; strict. */
  readonly schema: z.ZodType;
  /** What the shape cannot say: totals, digests and order inside the predicate. The first fault as a sentence part. */
  faultOf?(predicate: Predicate, statement: Statement<Predicate>): string | undefined;
  /** The instant that the predicate says it was made at. Claimed by the signer. */
  timeOf(predicate: Predicate): string | undefined;
  /** Files of the folder that the predicate names by digest. */
  artefactsOf?(predicate: Predicate): readonly Artefact[];
}
