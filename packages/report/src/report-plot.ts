/** Data for plots: plain numbers that the caller has gathered, cleaned and bounded so that a page stays a page. */

import { cutText } from "./plain-json.js";

export interface ScatterPoint {
  readonly x: number;
  readonly y: number;
  /** Whether the record is accused by a finding. Accused points are drawn on top and are never thinned out first. */
  readonly accused?: boolean;
  /** Ordinal over all files, from 0. */
  readonly record?: number;
}

/** Two numeric columns against each other. */
export interface ScatterPlot {
  readonly kind: "scatter";
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly ScatterPoint[];
  /** Points that are not drawn: too many, or not numbers. */
  readonly left?: number;
}

/** How the values of one numeric column are spread. */
export interface HistogramPlot {
  readonly kind: "histogram";
  readonly title: string;
  readonly column: string;
  /** Edges of the bins, ascending; one more than there are counts. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** How many of each bin are accused. */
  readonly accused?: readonly number[];
}

/** Counts by name, such as records by label. */
export interface BarPlot {
  readonly kind: "bars";
  readonly title: string;
  readonly bars: readonly { readonly name: string; readonly count: number; readonly accused?: number }[];
  /** Bars that are not drawn. */
  readonly left?: number;
}

export type ReportPlot = ScatterPlot | HistogramPlot | BarPlot;

const MAX_POINTS = 4_000;
const MAX_BINS = 200;
const MAX_BARS = 60;

/**
 * Copies a plot for the model: finite numbers only, bounded; what is left out is counted.
 *
 * @throws RangeError when edges and counts of a histogram do not fit each other
 */
export function cleanPlot(plot: ReportPlot): ReportPlot {
  const title = cutText(plot.title, 200);
  switch (plot.kind) {
    case "scatter": {
      const { x, y, points, left = 0 } = plot;
      const finite = points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
      const accused = thin(
        finite.filter((point) => point.accused === true),
        MAX_POINTS / 2,
      );
      const others = thin(
        finite.filter((point) => point.accused !== true),
        MAX_POINTS - accused.length,
      );
      const shown = [...others, ...accused].map((point) => ({
        x: point.x,
        y: point.y,
        ...(point.accused === true ? { accused: true } : {}),
        ...(point.record === undefined ? {} : { record: point.record }),
      }));
      const missing = left + points.length - shown.length;
      const names = { x: cutText(x, 200), y: cutText(y, 200) };
      return { kind: "scatter", title, ...names, points: shown, ...(missing > 0 ? { left: missing } : {}) };
    }
    case "histogram": {
      const { column, edges, counts, accused } = plot;
      if (edges.length !== counts.length + 1 || counts.length > MAX_BINS) {
        throw new RangeError(`plots: ${edges.length} edges do not fit ${counts.length} counts (at most ${MAX_BINS})`);
      }
      if (accused !== undefined && accused.length !== counts.length) {
        throw new RangeError(`plots: ${accused.length} accused counts do not fit ${counts.length} counts`);
      }
      if (![...edges, ...counts, ...(accused ?? [])].every(Number.isFinite)) {
        throw new RangeError(`plots: a histogram of ${JSON.stringify(column)} holds what is no number`);
      }
      return {
        kind: "histogram",
        title,
        column: cutText(column, 200),
        edges: [...edges],
        counts: [...counts],
        ...(accused === undefined ? {} : { accused: [...accused] }),
      };
    }
    case "bars": {
      const { bars, left = 0 } = plot;
      const shown = bars.slice(0, MAX_BARS).map(({ name, count, accused }) => ({
        name: cutText(name, 200),
        count,
        ...(accused === undefined ? {} : { accused }),
      }));
      const missing = left + bars.length - shown.length;
      return { kind: "bars", title, bars: shown, ...(missing > 0 ? { left: missing } : {}) };
    }
  }
}

/** Every n-th of a list, so that at most `most` are left. */
function thin<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  const step = list.length / most;
  return Array.from({ length: most }, (_, index) => list[Math.floor(index * step)] as T);
}
