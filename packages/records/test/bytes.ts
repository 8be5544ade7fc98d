/** Bytes for tests: hex, UTF-8, vector files. */

import { readFileSync } from "node:fs";

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** One case of a vector file; which members it has is for its test to know. */
// biome-ignore lint/suspicious/noExplicitAny: vectors are data of many shapes
export type Vector = any;

/** A vector file of the identity layer. */
export interface Vectors {
  readonly valid: readonly Vector[];
  readonly invalid: readonly Vector[];
  readonly keyFiles: readonly Vector[];
  readonly [member: string]: Vector;
}

export function readVectors(name: string): Vectors {
  return JSON.parse(readFileSync(new URL(`../../../test/vectors/assay/${name}`, import.meta.url), "utf8"));
}

/** The code of the error that a function throws, or `"none"`. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as { code?: string }).code ?? `${(error as Error).name}: ${(error as Error).message}`;
  }
  return "none";
}
