/** Minimising a smooth convex function by L-BFGS (Liu and Nocedal 1989) with a backtracking line search. */

export interface MinimiseOptions {
  /** Steps at most; default 100. */
  readonly maxIterations?: number;
  /** Ends when no element of the gradient is above this in magnitude. */
  readonly tolerance: number;
  /** Pairs of steps and gradient changes that are remembered; default 10. */
  readonly memory?: number;
}

/**
 * Minimises a function from `start`. Deterministic: the same bits for the same function.
 *
 * @param evaluate - Value at `x`; writes the gradient over `gradient`.
 */
export function minimise(
  evaluate: (x: Float64Array, gradient: Float64Array) => number,
  start: Float64Array,
  { maxIterations = 100, tolerance, memory = 10 }: MinimiseOptions,
): Float64Array {
  const size = start.length;
  let x = start.slice();
  let gradient: Float64Array = new Float64Array(size);
  let value = evaluate(x, gradient);
  const steps: Float64Array[] = [];
  const changes: Float64Array[] = [];
  const inverses: number[] = [];
  let nextX: Float64Array<ArrayBuffer> = new Float64Array(size);
  let nextGradient: Float64Array = new Float64Array(size);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (greatestMagnitude(gradient) <= tolerance) break;
    let direction = twoLoop(gradient, steps, changes, inverses);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      // Rounding spoilt the memory: fall back to the gradient.
      steps.length = changes.length = inverses.length = 0;
      direction = gradient.map((g) => -g);
      slope = dot(direction, gradient);
    }
    let rate = steps.length === 0 ? 1 / Math.sqrt(Math.max(1e-300, dot(gradient, gradient))) : 1;
    let nextValue = Number.POSITIVE_INFINITY;
    let tries = 0;
    for (; tries < 30; tries++, rate *= 0.5) {
      for (let i = 0; i < size; i++) nextX[i] = x[i]! + rate * direction[i]!;
      nextValue = evaluate(nextX, nextGradient);
      if (nextValue <= value + 1e-4 * rate * slope) break;
    }
    if (tries === 30) break;
    const reuse = steps.length === memory;
    const step = reuse ? steps.shift()! : new Float64Array(size);
    const change = reuse ? changes.shift()! : new Float64Array(size);
    if (reuse) inverses.shift();
    for (let i = 0; i < size; i++) {
      step[i] = nextX[i]! - x[i]!;
      change[i] = nextGradient[i]! - gradient[i]!;
    }
    const curvature = dot(step, change);
    if (curvature > 1e-12 * dot(change, change)) {
      steps.push(step);
      changes.push(change);
      inverses.push(1 / curvature);
    }
    const small = value - nextValue <= 1e-10 * Math.max(1, Math.abs(value));
    [x, nextX] = [nextX, x];
    [gradient, nextGradient] = [nextGradient, gradient];
    value = nextValue;
    if (small) break;
  }
  return x;
}

/** The quasi-Newton direction −H g. */
function twoLoop(
  gradient: Float64Array,
  steps: Float64Array[],
  changes: Float64Array[],
  inverses: number[],
): Float64Array {
  const direction = gradient.map((g) => -g);
  const factors = new Float64Array(steps.length);
  for (let m = steps.length - 1; m >= 0; m--) {
    factors[m] = inverses[m]! * dot(steps[m]!, direction);
    addScaled(direction, changes[m]!, -factors[m]!);
  }
  const last = steps.length - 1;
  if (last >= 0) {
    const scale = 1 / (inverses[last]! * dot(changes[last]!, changes[last]!));
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
  }
  for (let m = 0; m <= last; m++) {
    addScaled(direction, steps[m]!, factors[m]! - inverses[m]! * dot(changes[m]!, direction));
  }
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(target: Float64Array, other: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * other[i]!;
}

function greatestMagnitude(values: Float64Array): number {
  let greatest = 0;
  for (const value of values) greatest = Math.max(greatest, Math.abs(value));
  return greatest;
}
