/**
 * Results: what a unit of work gave, as a file whose name is its unit and the digest of its bytes. Spark runs work at
 * least once, and may run it twice at the same time. So a result is put under its final name in one step, a second
 * attempt takes what the first has left, and the reader refuses whatever is missing, doubled, altered or contradicted.
 */

import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { deserialize, serialize } from "node:v8";
import { VerificationError } from "@assay/merkle";
import type { PlainError } from "@assay/records/node";
import { sha256 } from "./plan.js";

/** What a unit of work gave. */
export type Result = { readonly output: unknown } | { readonly error: PlainError };

/** What a kernel says about a result that it has put. */
export interface Ack {
  readonly unit: number;
  /** SHA-256 of the file, lower-case hex. */
  readonly digest: string;
  readonly bytes: number;
  /** Whether the result is an error. It is then the last one of its bin. */
  readonly failed: boolean;
}

const RESULT_NAME = /^(\d{1,15})-([0-9a-f]{64})$/;
const PARTIAL_SUFFIX = ".partial";

/** The folder of a bin's results. */
export function resultsFolder(folder: string, bin: number): string {
  return join(folder, `results-${String(bin).padStart(6, "0")}`);
}

/** Puts a result. Nothing is synced to the disk: a result that a crash has damaged is not read, it is made again. */
export async function putResult(folder: string, unit: number, result: Result): Promise<Ack> {
  const bytes = serialize(result);
  const digest = sha256(bytes);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const partial = join(folder, `${randomUUID()}${PARTIAL_SUFFIX}`);
  await writeFile(partial, bytes, { flag: "wx", mode: 0o600 });
  // Two attempts with the same bytes have the same name, and either may stay.
  await rename(partial, join(folder, `${unit}-${digest}`));
  return { unit, digest, bytes: bytes.length, failed: "error" in result };
}

/** The results that are in a bin's folder: for each unit the digests, usually one. */
export async function listResults(folder: string): Promise<Map<number, string[]>> {
  const found = new Map<number, string[]>();
  const names = await readdir(folder).catch((error) => {
    if ((error as { code?: unknown }).code === "ENOENT") return [];
    throw error;
  });
  for (const name of names.sort()) {
    // An attempt that was killed leaves these.
    if (name.endsWith(PARTIAL_SUFFIX)) continue;
    const [, unit, digest] = RESULT_NAME.exec(name) ?? [];
    if (unit === undefined || digest === undefined) {
      throw mismatch(`${join(folder, name)} is no result, and nothing else belongs there`, {
        path: join(folder, name),
      });
    }
    found.set(Number(unit), [...(found.get(Number(unit)) ?? []), digest]);
  }
  return found;
}

/**
 * Reads a result.
 *
 * @throws VerificationError `artefact-mismatch` when the file is missing or its bytes are not those of the digest.
 */
export async function readResult(folder: string, unit: number, digest: string): Promise<Result & { bytes: number }> {
  const path = join(folder, `${unit}-${digest}`);
  const bytes = await readFile(path).catch((cause) => {
    throw mismatch(
      `The result of unit ${unit} is not in ${folder}, though the cluster says that it is`,
      { path },
      cause,
    );
  });
  const actual = sha256(bytes);
  if (actual !== digest) {
    throw mismatch(`${path} was altered: its SHA-256 is ${actual}`, { path, unit, expected: digest, actual });
  }
  return { ...(deserialize(bytes) as Result), bytes: bytes.length };
}

/**
 * Checks that the acknowledgements name every unit once. What stands behind an error in the same bin was not worked on.
 *
 * @param bins Number of bins that the units were dealt out to.
 * @returns The acknowledgement of each unit; a hole is behind the error of an earlier unit.
 * @throws VerificationError `count-mismatch` for a unit that is missing, doubled or unknown.
 */
export function checkAcks(acks: readonly Ack[], units: number, bins: number): (Ack | undefined)[] {
  const byUnit = new Array<Ack | undefined>(units).fill(undefined);
  for (const ack of acks) {
    if (!Number.isInteger(ack.unit) || ack.unit < 0 || ack.unit >= units) {
      throw wrongCount(`The cluster acknowledges unit ${ack.unit}, and there are ${units}`, ack.unit);
    }
    if (byUnit[ack.unit] !== undefined) throw wrongCount(`The cluster acknowledges unit ${ack.unit} twice`, ack.unit);
    byUnit[ack.unit] = ack;
  }
  const failedBins = new Set<number>();
  for (const [unit, ack] of byUnit.entries()) {
    const bin = unit % bins;
    if (ack?.failed) failedBins.add(bin);
    else if (ack === undefined && !failedBins.has(bin)) {
      throw wrongCount(`The cluster says that all is done, and has no result for unit ${unit} of ${units}`, unit);
    }
  }
  return byUnit;
}

/**
 * Checks that every attempt at the units of a bin gave the same result. Equal data need not have equal bytes: V8 writes a
 * number by how it happened to hold it; and a stack is not part of what an error says.
 *
 * @throws VerificationError `artefact-mismatch` for two results that contradict each other.
 */
export async function checkAttempts(folder: string): Promise<void> {
  for (const [unit, digests] of await listResults(folder)) {
    const [first, ...others] = digests as [string, ...string[]];
    for (const other of others) {
      const [a, b] = [await readResult(folder, unit, first), await readResult(folder, unit, other)];
      if (isDeepStrictEqual(comparable(a), comparable(b))) continue;
      throw mismatch(
        `Two attempts at unit ${unit} gave different results. Either the task is not a pure function of its input, or a machine of the cluster cannot be trusted`,
        { unit, digests },
      );
    }
  }
}

function comparable(result: Result): unknown {
  return "error" in result ? { error: withoutStack(result.error) } : { output: result.output };
}

function withoutStack({ stack: _, cause, ...rest }: PlainError): object {
  return { ...rest, ...(cause === undefined ? {} : { cause: withoutStack(cause) }) };
}

function mismatch(message: string, details: Record<string, unknown>, cause?: unknown): VerificationError {
  return new VerificationError("artefact-mismatch", message, { details, ...(cause === undefined ? {} : { cause }) });
}

function wrongCount(message: string, unit: number): VerificationError {
  return new VerificationError("count-mismatch", message, { details: { unit } });
}
