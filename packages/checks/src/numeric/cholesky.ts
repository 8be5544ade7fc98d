/** Cholesky factor of a symmetric positive definite matrix, and what follows from it (Golub and Van Loan, 4.2). */

import { log } from "./elementary.js";

export interface Cholesky {
  readonly size: number;
  /** Lower triangle L with L Lᵀ = A; row-major, zero above the diagonal. */
  readonly lower: Float64Array;
}

/**
 * Factors a matrix; reads its lower triangle. O(size³ / 6).
 *
 * @returns `undefined` if the matrix is not positive definite in floating point.
 */
export function cholesky(matrix: Float64Array, size: number): Cholesky | undefined {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      if (i === j) {
        if (!(sum > 0) || sum === Number.POSITIVE_INFINITY) return undefined;
        lower[i * size + i] = Math.sqrt(sum);
      } else {
        lower[i * size + j] = sum / lower[j * size + j]!;
      }
    }
  }
  return { size, lower };
}

/** Solves L y = b; the squared length of y is bᵀ A⁻¹ b. Writes y over `b` and returns that squared length. */
export function solveLower({ size, lower }: Cholesky, b: Float64Array): number {
  let squared = 0;
  for (let i = 0; i < size; i++) {
    let sum = b[i]!;
    const row = i * size;
    for (let k = 0; k < i; k++) sum -= lower[row + k]! * b[k]!;
    const y = sum / lower[row + i]!;
    b[i] = y;
    squared += y * y;
  }
  return squared;
}

/** The inverse A⁻¹, row-major. O(size³). */
export function inverseOf(factor: Cholesky): Float64Array {
  const { size, lower } = factor;
  const inverse = new Float64Array(size * size);
  const column = new Float64Array(size);
  for (let j = 0; j < size; j++) {
    column.fill(0);
    column[j] = 1;
    solveLower(factor, column);
    for (let i = size - 1; i >= 0; i--) {
      let sum = column[i]!;
      for (let k = i + 1; k < size; k++) sum -= lower[k * size + i]! * column[k]!;
      column[i] = sum / lower[i * size + i]!;
      inverse[i * size + j] = column[i]!;
    }
  }
  return inverse;
}

/** The natural logarithm of the determinant of A. */
export function logDeterminant({ size, lower }: Cholesky): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += log(lower[i * size + i]!);
  return 2 * sum;
}
