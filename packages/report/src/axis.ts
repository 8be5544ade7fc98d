/** Scales for plots: round ticks, and positions with one decimal so that pages are equal on every engine. */

import { measureText } from "./number-text.js";

export interface Axis {
  readonly ticks: readonly number[];
  /** Position of a value, in pixels. */
  at(value: number): number;
  label(tick: number): string;
}

/** Beyond these a plot tells nothing, and sums of doubles overflow or vanish. */
const LARGEST = 1e300;
const SMALLEST = 1e-290;

/** A linear axis from `low` to `high` over the pixels `begin` to `end`. Equal ends are widened; positions never leave them. */
export function linearAxis(first: number, last: number, begin: number, end: number, most = 5): Axis {
  const low = Math.min(LARGEST, Math.max(-LARGEST, first));
  const high = Math.min(LARGEST, Math.max(-LARGEST, last));
  const isFlat = !(high - low > Math.max(SMALLEST, Math.abs(low) * 1e-12));
  const reach = isFlat ? Math.max(Math.abs(low) / 2, 0.5) : 0;
  const from = low - reach;
  const to = high + reach;
  const half = to / 2 - from / 2;
  const step = roundStep((half / most) * 2);
  const ticks: number[] = [];
  const begins = Math.ceil(from / step);
  for (let n = 0; n <= 2 * most && (begins + n) * step <= to; n++)
    ticks.push(Number(((begins + n) * step).toPrecision(12)));
  return {
    ticks,
    at: (value) => {
      const share = Math.min(1, Math.max(0, (value / 2 - from / 2) / half));
      return Number((begin + share * (end - begin)).toFixed(1));
    },
    label: (tick) => measureText(tick, 6),
  };
}

/** The smallest of 1, 2, 5 times a power of ten that is no less than `step`. */
function roundStep(step: number): number {
  const power = Number(`1e${step.toExponential().split("e")[1]}`);
  const factor = [1, 2, 5, 10].find((one) => one * power >= step) ?? 10;
  return factor * power;
}
