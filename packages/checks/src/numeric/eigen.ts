/**
 * Eigenvalues and eigenvectors of symmetric matrices: all of a small one by cyclic Jacobi rotations (Golub and Van Loan, 8.5),
 * the leading ones of a larger one by orthogonal iteration with a Rayleigh–Ritz step (8.2, 8.4). Both need only + − × ÷ √.
 */

import { randomStream } from "./random-stream.js";

export interface Eigen {
  /** Descending. */
  readonly values: Float64Array;
  /** One vector of unit length a row, in the order of the values; the element of greatest magnitude is positive. */
  readonly vectors: Float64Array;
}

const MAX_SWEEPS = 60;

/**
 * All eigenpairs of a symmetric matrix. O(size³) a sweep, about eight sweeps: meant for sizes up to about 200.
 *
 * @example
 * symmetricEigen(Float64Array.of(2, 1, 1, 2), 2).values; // [3, 1]
 */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  const a = matrix.slice();
  const v = new Float64Array(size * size);
  for (let i = 0; i < size; i++) v[i * size + i] = 1;
  let norm = 0;
  for (const value of a) norm += value * value;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let off = 0;
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) off += a[i * size + j]! * a[i * size + j]!;
    if (off <= 1e-30 * norm) break;
    for (let p = 0; p < size - 1; p++) for (let q = p + 1; q < size; q++) rotate(a, v, size, p, q);
  }
  const diagonal = Float64Array.from({ length: size }, (_, i) => a[i * size + i]!);
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => diagonal[j]! - diagonal[i]! || i - j);
  const vectors = new Float64Array(size * size);
  for (const [row, i] of order.entries()) vectors.set(v.subarray(i * size, (i + 1) * size), row * size);
  fixSigns(vectors, size, size);
  return { values: Float64Array.from(order, (i) => diagonal[i]!), vectors };
}

/** Makes a[p, q] zero; the vectors are kept as rows of `v`. */
function rotate(a: Float64Array, v: Float64Array, size: number, p: number, q: number): void {
  const apq = a[p * size + q]!;
  if (apq === 0) return;
  const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < size; k++) {
    const akp = a[k * size + p]!;
    const akq = a[k * size + q]!;
    a[k * size + p] = c * akp - s * akq;
    a[k * size + q] = s * akp + c * akq;
  }
  for (let k = 0; k < size; k++) {
    const apk = a[p * size + k]!;
    const aqk = a[q * size + k]!;
    a[p * size + k] = c * apk - s * aqk;
    a[q * size + k] = s * apk + c * aqk;
    const vpk = v[p * size + k]!;
    const vqk = v[q * size + k]!;
    v[p * size + k] = c * vpk - s * vqk;
    v[q * size + k] = s * vpk + c * vqk;
  }
  a[p * size + q] = 0;
  a[q * size + p] = 0;
}

/**
 * The `count` greatest eigenpairs of a symmetric positive semi-definite matrix: ten rounds of orthogonal iteration on
 * `count` + 8 vectors from a fixed start. O(size² · count) a round. Values that are close together come out mixed, which
 * does not matter for the space that they span.
 */
export function leadingEigen(matrix: Float64Array, size: number, count: number): Eigen {
  if (size <= count + 8) {
    const all = symmetricEigen(matrix, size);
    const kept = Math.min(count, size);
    return { values: all.values.slice(0, kept), vectors: all.vectors.slice(0, kept * size) };
  }
  const width = count + 8;
  const stream = randomStream(new Uint8Array(32), "leading-eigen");
  let block: Float64Array = Float64Array.from({ length: width * size }, () => stream.uniform() - 0.5);
  for (let round = 0; round < 10; round++) {
    orthonormalise(block, width, size);
    block = multiply(block, matrix, width, size);
  }
  orthonormalise(block, width, size);
  const image = multiply(block, matrix, width, size);
  const small = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += block[i * size + k]! * image[j * size + k]!;
      small[i * width + j] = sum;
      small[j * width + i] = sum;
    }
  }
  const inner = symmetricEigen(small, width);
  const vectors = new Float64Array(count * size);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < width; j++) {
      const factor = inner.vectors[i * width + j]!;
      for (let k = 0; k < size; k++) vectors[i * size + k]! += factor * block[j * size + k]!;
    }
  }
  fixSigns(vectors, count, size);
  return { values: inner.values.slice(0, count), vectors };
}

/** Gram–Schmidt, twice, on the rows; a row that vanishes stays zero. */
function orthonormalise(rows: Float64Array, count: number, size: number): void {
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * size, (i + 1) * size);
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = rows.subarray(j * size, (j + 1) * size);
        let dot = 0;
        for (let k = 0; k < size; k++) dot += row[k]! * other[k]!;
        for (let k = 0; k < size; k++) row[k]! -= dot * other[k]!;
      }
    }
    let squared = 0;
    for (let k = 0; k < size; k++) squared += row[k]! * row[k]!;
    const scale = squared > 0 ? 1 / Math.sqrt(squared) : 0;
    for (let k = 0; k < size; k++) row[k]! *= scale;
  }
}

/** rows · matrix, for a symmetric matrix. */
function multiply(rows: Float64Array, matrix: Float64Array, count: number, size: number): Float64Array {
  const product = new Float64Array(count * size);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < size; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += rows[i * size + k]! * matrix[j * size + k]!;
      product[i * size + j] = sum;
    }
  }
  return product;
}

function fixSigns(vectors: Float64Array, count: number, size: number): void {
  for (let i = 0; i < count; i++) {
    const row = vectors.subarray(i * size, (i + 1) * size);
    let greatest = 0;
    for (let k = 1; k < size; k++) if (Math.abs(row[k]!) > Math.abs(row[greatest]!)) greatest = k;
    if (row[greatest]! < 0) for (let k = 0; k < size; k++) row[k] = -row[k]!;
  }
}
