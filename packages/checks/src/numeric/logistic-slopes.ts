/** Loss and gradient of multinomial logistic regression on dense rows by the kernel (`assembly/logistic.ts`), to the bit those of JavaScript. */

import { log } from "./elementary.js";
import type { NumericKernel } from "./kernel.js";
import type { DenseMatrix } from "./matrix.js";

/**
 * What computes Σ −weight · log p(label) and writes its gradient, in the layout of `LogisticRegression`; it answers undefined
 * where JavaScript must. The kernel must do nothing else while it is used.
 *
 * @returns `undefined` where there is no memory for the examples, or where one vector of weights is fitted.
 */
export function kernelSlopes(
  { module, room }: NumericKernel,
  { columns, values }: DenseMatrix,
  rows: Int32Array,
  labels: Int32Array,
  exampleWeights: Float64Array | undefined,
  classes: number,
): ((weights: Float64Array, gradient: Float64Array) => number | undefined) | undefined {
  if (classes === 2) return undefined;
  const filled = Math.ceil(rows.length / 4) * 4;
  const padded = classes + (classes & 1);
  const size = 8 * padded * (columns + 1);
  const memory = room(8 * filled * columns, 4 * filled, 8 * filled, size, size, 8 * filled, 8 * 32 * padded);
  if (memory === undefined) return undefined;
  const { buffer, at } = memory;
  const [valuesAt, labelsAt, examplesAt, weightsAt, gradientAt, ownAt, slopesAt] = at;
  const block = new Float64Array(buffer, valuesAt, filled * columns).fill(0);
  for (const [i, row] of rows.entries()) {
    block.set(values.subarray(row * columns, (row + 1) * columns), i * columns);
  }
  new Int32Array(buffer, labelsAt, filled).fill(0).set(labels);
  const examples = new Float64Array(buffer, examplesAt, filled).fill(0);
  if (exampleWeights) examples.set(exampleWeights);
  else examples.fill(1, 0, rows.length);
  const own = new Float64Array(buffer, ownAt, filled);
  const innerWeights = new Float64Array(buffer, weightsAt, padded * (columns + 1)).fill(0);
  const innerGradient = new Float64Array(buffer, gradientAt, padded * (columns + 1));
  return (weights, gradient) => {
    for (let k = 0, w = 0; k < classes; k++) {
      for (let j = 0; j <= columns; j++, w++) innerWeights[j * padded + k] = weights[w]!;
    }
    const { logisticSlopes } = module;
    if (
      !logisticSlopes(valuesAt, filled, columns, classes, labelsAt, examplesAt, weightsAt, gradientAt, ownAt, slopesAt)
    ) {
      return undefined;
    }
    for (let k = 0, w = 0; k < classes; k++) {
      for (let j = 0; j <= columns; j++, w++) gradient[w] = innerGradient[j * padded + k]!;
    }
    let loss = 0;
    for (let i = 0; i < rows.length; i++) loss += examples[i]! * -log(Math.max(own[i]!, 1e-300));
    return loss;
  };
}
