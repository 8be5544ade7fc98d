import { describe, expect, it } from "vitest";
import { COMPONENTS, reduced } from "../../src/label/principal-components.js";
import { denseMatrix } from "../../src/numeric/matrix.js";
import { normalOf } from "../tables.js";

function distance(values: Float64Array, width: number, a: number, b: number): number {
  let sum = 0;
  for (let j = 0; j < width; j++) sum += (values[a * width + j]! - values[b * width + j]!) ** 2;
  return Math.sqrt(sum);
}

describe("reduced()", () => {
  it.each([100, 2100])("keeps the distances of few rows in %d columns, up to a scale, and other columns", (numbers) => {
    const normal = normalOf(numbers);
    const matrix = denseMatrix(30, numbers + 1);
    for (let i = 0; i < matrix.values.length; i++) matrix.values[i] = normal();
    const marks = Float64Array.from({ length: 30 }, (_, i) => i % 2);
    for (const [i, mark] of marks.entries()) matrix.values[i * (numbers + 1) + numbers] = mark;
    const out = reduced(matrix, numbers);
    const width = COMPONENTS + 1;
    expect(out.columns).toBe(width);
    const plain = Float64Array.from({ length: 30 * numbers }, (_, i) => {
      return matrix.values[Math.floor(i / numbers) * (numbers + 1) + (i % numbers)]!;
    });
    const kept = out.values.map((value, i) => (i % width === COMPONENTS ? 0 : value));
    const scale = distance(kept, width, 0, 1) / distance(plain, numbers, 0, 1);
    for (let a = 0; a < 30; a++) {
      expect(out.values[a * width + COMPONENTS]).toBe(marks[a]);
      for (let b = 0; b < a; b++)
        expect(distance(kept, width, a, b) / distance(plain, numbers, a, b)).toBeCloseTo(scale, 6);
    }
  });
});
