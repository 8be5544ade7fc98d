/** Scales for plots: round ticks, and positions with one decimal so that pages are equal on every engine. */

import { measureText } from "./number-text.js";

export interface Axis {
  readonly ticks: readonly number[];
  /** Position of a value, in pixels. */
  at(value: number): number;
  label(tick: number): string;
}

/** A linear axis from `low` to `high` over the pixels `begin` to `end`. Equal ends are widened. */
export function linearAxis(low: number, high: number, begin: number, end: number, most = 5): Axis {
  // Halves first: the span of the largest doubles is not a double.
  const isFlat = !(high / 2 - low / 2 > 0);
  const reach = isFlat ? Math.max(Math.abs(low) / 2, 0.5) : 0;
  const from = low - reach;
  const to = high + reach;
  const half = to / 2 - from / 2;
  const step = roundStep((half / most) * 2);
  const ticks: number[] = [];
  for (let k = Math.ceil(from / step), n = 0; k * step <= to && n <= 2 * most; k++, n++)
    ticks.push(Number((k * step).toPrecision(12)));
  return {
    ticks,
    at: (value) => Number((begin + ((value / 2 - from / 2) / half) * (end - begin)).toFixed(1)),
    label: (tick) => measureText(tick, 6),
  };
}

/** The smallest of 1, 2, 5 times a power of ten that is no less than `step`. */
function roundStep(step: number): number {
  const power = Number(`1e${step.toExponential().split("e")[1]}`);
  const factor = [1, 2, 5, 10].find((one) => one * power >= step) ?? 10;
  return factor * power;
}
