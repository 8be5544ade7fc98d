/**
 * Seeds of checks. Derived from the set root they are the same for the same records, however stored; a gate that does not
 * trust its supplier gives its own, after the manifest is signed.
 */

import { createSha256, toHex } from "@assay/merkle";

const DOMAIN = new TextEncoder().encode("assay-check-seed/v1");

export interface SeedBase {
  /** 32 bytes: the set root, or the seed that was given. */
  readonly bytes: Uint8Array;
  readonly origin: "derived" | "given";
}

/**
 * Where the seeds of a run come from.
 *
 * @param given - A whole number from 0 to 2^53 − 1, 64 lower-case hex digits, or 32 bytes; default derived.
 * @throws RangeError for anything else.
 */
export function seedBase(setRoot: Uint8Array, given?: number | string | Uint8Array): SeedBase {
  if (given === undefined) {
    if (setRoot.length !== 32) throw new RangeError(`setRoot: ${setRoot.length} bytes, expected 32`);
    return { bytes: setRoot, origin: "derived" };
  }
  return { bytes: seedBytes(given), origin: "given" };
}

/**
 * The seed of one check: SHA-256("assay-check-seed/v1" ‖ base ‖ id).
 *
 * @example
 * toHex(checkSeed(seedBase(setRoot), "label-flips")); // 64 digits
 */
export function checkSeed(base: SeedBase, id: string): Uint8Array {
  return createSha256().update(DOMAIN).update(base.bytes).update(new TextEncoder().encode(id)).digest();
}

/** What an outcome says about its seed. */
export function seedOutcome(
  seed: Uint8Array,
  origin: SeedBase["origin"],
): { value: string; origin: SeedBase["origin"] } {
  return { value: toHex(seed), origin };
}

function seedBytes(given: number | string | Uint8Array): Uint8Array {
  if (typeof given === "number") {
    if (!Number.isSafeInteger(given) || given < 0) throw new RangeError(`seed: ${given} is not a whole number from 0`);
    const bytes = new Uint8Array(32);
    new DataView(bytes.buffer).setBigUint64(24, BigInt(given));
    return bytes;
  }
  if (typeof given === "string") {
    if (!/^[0-9a-f]{64}$/.test(given)) throw new RangeError("seed: a text must be 64 lower-case hex digits");
    return Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(given.slice(2 * i, 2 * i + 2), 16));
  }
  if (!(given instanceof Uint8Array)) throw new TypeError("seed: a number, 64 hex digits or 32 bytes");
  if (given.length !== 32) throw new RangeError(`seed: ${given.length} bytes, expected 32`);
  return given;
}
