/**
 * The distribution of causes behind an observed one, when each cause scatters in a known way: the rounds of Richardson (1972) and Lucy
 * (1974), which raise the likelihood of what was observed and keep every probability at least 0.
 */

import { type NumericKernel, numericKernel } from "./kernel.js";

/** Values of distributions that are in the memory of the kernel. */
const PIECE_VALUES = 2 ** 13;

/**
 * For each observed distribution p, c after `rounds` of c ← c · (T (p / cT))ᵀ, normalised, from c = p.
 *
 * @param observed - `size` values a distribution, one after the other.
 * @param transition - T, row-major: what a cause (row) becomes (column).
 * @param kernel - `null`: without WebAssembly. The answer is the same.
 * @returns As many values as were observed. O(rounds · size) a value.
 */
export function deconvolve(
  observed: Float64Array,
  size: number,
  transition: Float64Array,
  rounds: number,
  kernel: NumericKernel | null = numericKernel(),
): Float64Array {
  const stride = size + (size & 1);
  const piece = Math.max(1, Math.floor(PIECE_VALUES / stride));
  const memory = kernel?.room(8 * piece * stride, 8 * size * stride, 8 * size * stride, 8 * stride, 8 * piece * stride);
  if (!kernel || !memory) return deconvolvePlainly(observed, size, transition, rounds);
  const { buffer, at } = memory;
  const [observedAt, transitionAt, transposedAt, ratiosAt, outAt] = at;
  const own = new Float64Array(buffer, observedAt, piece * stride).fill(0);
  const rows = new Float64Array(buffer, transitionAt, size * stride).fill(0);
  const columns = new Float64Array(buffer, transposedAt, size * stride).fill(0);
  const out = new Float64Array(buffer, outAt, piece * stride);
  for (let a = 0; a < size; a++) {
    for (let b = 0; b < size; b++) rows[a * stride + b] = columns[b * stride + a] = transition[a * size + b]!;
  }
  const causes = new Float64Array(observed.length);
  const count = observed.length / size;
  for (let first = 0; first < count; first += piece) {
    const taken = Math.min(piece, count - first);
    for (let i = 0; i < taken; i++) {
      for (let a = 0; a < size; a++) own[i * stride + a] = observed[(first + i) * size + a]!;
    }
    kernel.module.deconvolve(observedAt, taken, size, transitionAt, transposedAt, rounds, ratiosAt, outAt);
    for (let i = 0; i < taken; i++) {
      for (let a = 0; a < size; a++) causes[(first + i) * size + a] = out[i * stride + a]!;
    }
  }
  return causes;
}

function deconvolvePlainly(
  observed: Float64Array,
  size: number,
  transition: Float64Array,
  rounds: number,
): Float64Array {
  const causes = observed.slice();
  const ratios = new Float64Array(size);
  for (let first = 0; first < observed.length; first += size) {
    for (let round = 0; round < rounds; round++) {
      for (let b = 0; b < size; b++) {
        let flow = 0;
        for (let a = 0; a < size; a++) flow += causes[first + a]! * transition[a * size + b]!;
        ratios[b] = flow > 0 ? observed[first + b]! / flow : 0;
      }
      let total = 0;
      for (let a = 0; a < size; a++) {
        let back = 0;
        for (let b = 0; b < size; b++) back += transition[a * size + b]! * ratios[b]!;
        causes[first + a]! *= back;
        total += causes[first + a]!;
      }
      for (let a = 0; a < size; a++) causes[first + a]! /= total;
    }
  }
  return causes;
}
