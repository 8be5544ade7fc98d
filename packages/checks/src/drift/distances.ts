/**
 * How far two sketches of one column are apart, and how likely that is when both come from one distribution. Every distance is a
 * share of records that at the least must be others to turn one into the other, so one floor fits them all. Where a sketch leaves
 * something open, the distance is the least that fits: never more than the records themselves would give.
 */

import { chiSquaredTail } from "../numeric/gamma.js";
import { kolmogorovTail } from "../numeric/kolmogorov.js";
import { hypergeometricTail } from "../source/count-tests.js";
import type { Grid, ValueCount } from "./sketch.js";

/** Least expected count of a cell in the smaller sample, for the chi-squared limit to hold (Cochran 1954). */
const LEAST_EXPECTED = 5;

/** Values in one of two data sets: how many, and what is known of them. */
export interface SampledGrid {
  readonly grid: Grid;
  /** Number of values; at least 1. */
  readonly n: number;
}

export interface GridDistance {
  /** Kolmogorov–Smirnov distance, 0 … 1. */
  readonly distance: number;
  readonly p: number;
  /** Where the two are farthest apart, and the shares of values up to there (or below it), each nearest to the other. */
  readonly at: number;
  readonly before: number;
  readonly now: number;
}

/**
 * The two-sample Kolmogorov–Smirnov test from two grids. The distance is the greatest over the points of both at which the counts
 * that are known force it; its p is that of the limit distribution.
 */
export function gridDistance(before: SampledGrid, now: SampledGrid): GridDistance {
  let worst = { distance: 0, at: Number.NaN, before: 0, now: 0 };
  const consider = (at: number, a: readonly [number, number], b: readonly [number, number]): void => {
    const [lowA, highA] = [a[0] / before.n, a[1] / before.n];
    const [lowB, highB] = [b[0] / now.n, b[1] / now.n];
    if (lowA - highB > worst.distance) worst = { distance: lowA - highB, at, before: lowA, now: highB };
    if (lowB - highA > worst.distance) worst = { distance: lowB - highA, at, before: highA, now: lowB };
  };
  // Ascending, so that of equal distances the lowest is told, whichever side has it.
  const points = Float64Array.from(new Set([...before.grid.points, ...now.grid.points])).sort();
  for (const at of points) {
    const a = countsAt(before, at);
    const b = countsAt(now, at);
    consider(at, a.below, b.below);
    consider(at, a.upTo, b.upTo);
  }
  const p = kolmogorovTail(Math.sqrt((before.n * now.n) / (before.n + now.n)) * worst.distance);
  return { ...worst, p };
}

/** Least and greatest number of values below and up to a number. */
function countsAt({ grid: { points, below, upTo }, n }: SampledGrid, at: number) {
  let low = -1;
  let high = points.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((points[middle] as number) <= at) low = middle;
    else high = middle;
  }
  if (low < 0) return { below: [0, 0], upTo: [0, 0] } as const;
  const reached = upTo[low] as number;
  if (points[low] === at) {
    const under = below[low] as number;
    return { below: [under, under], upTo: [reached, reached] } as const;
  }
  // Between two points: all up to the lower one, perhaps all below the higher one.
  const open = [reached, below[low + 1] ?? n] as const;
  return { below: open, upTo: open } as const;
}

/** Named values in one of two data sets. */
export interface SampledValues {
  readonly values: readonly ValueCount[];
  /** Number of values, those not listed too; at least 1. */
  readonly n: number;
}

/** One value, or all that were pooled (`value` undefined). */
export interface Cell {
  readonly value?: string;
  readonly before: number;
  readonly now: number;
}

export interface ValuesDistance {
  /** Total variation: half the sum of the differences of shares, 0 … 1. */
  readonly distance: number;
  readonly chiSquared: number;
  readonly degreesOfFreedom: number;
  readonly p: number;
  /** Those that were compared: descending by how much their share changed. */
  readonly cells: readonly Cell[];
}

/**
 * The chi-squared test of homogeneity over values whose count is known on both sides; all others are pooled, and so are those too
 * rare for the limit distribution.
 *
 * @returns `undefined` when fewer than two cells are left: nothing can be compared.
 */
export function valuesDistance(before: SampledValues, now: SampledValues): ValuesDistance | undefined {
  const known = knownCells(before, now);
  const least = (LEAST_EXPECTED * (before.n + now.n)) / Math.min(before.n, now.n);
  const cells = known.filter((cell) => cell.before + cell.now >= least);
  const pooled = {
    before: before.n - cells.reduce((sum, cell) => sum + cell.before, 0),
    now: now.n - cells.reduce((sum, cell) => sum + cell.now, 0),
  };
  // A rest too small to stand alone joins the rarest cell that does.
  while (pooled.before + pooled.now > 0 && pooled.before + pooled.now < least && cells.length > 0) {
    const rarest = cells.reduce((a, b) => (b.before + b.now < a.before + a.now ? b : a));
    cells.splice(cells.indexOf(rarest), 1);
    pooled.before += rarest.before;
    pooled.now += rarest.now;
  }
  const all: Cell[] = pooled.before + pooled.now > 0 ? [...cells, pooled] : cells;
  if (all.length < 2) return undefined;
  let chiSquared = 0;
  let variation = 0;
  for (const cell of all) {
    const share = (cell.before + cell.now) / (before.n + now.n);
    const [expectedBefore, expectedNow] = [share * before.n, share * now.n];
    chiSquared += ((cell.before - expectedBefore) * (cell.before - expectedBefore)) / expectedBefore;
    chiSquared += ((cell.now - expectedNow) * (cell.now - expectedNow)) / expectedNow;
    variation += changeOf(cell, before.n, now.n);
  }
  return {
    distance: variation / 2,
    chiSquared,
    degreesOfFreedom: all.length - 1,
    p: Math.max(1e-300, chiSquaredTail(chiSquared, all.length - 1)),
    // The pooled rest, whose value is undefined, comes last among equals: sorting is stable.
    cells: all.sort((a, b) => changeOf(b, before.n, now.n) - changeOf(a, before.n, now.n)),
  };
}

function changeOf(cell: Cell, before: number, now: number): number {
  return Math.abs(cell.before / before - cell.now / now);
}

/** Values with their counts on both sides: listed on both, or on one while the other lists all it has. */
function knownCells(before: SampledValues, now: SampledValues): Cell[] {
  const counts = ({ values }: SampledValues) => new Map(values.map(({ value, count }) => [value, count]));
  const [a, b] = [counts(before), counts(now)];
  const [allOfA, allOfB] = [listsAll(before), listsAll(now)];
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((value) => {
    const [x, y] = [a.get(value) ?? (allOfA ? 0 : undefined), b.get(value) ?? (allOfB ? 0 : undefined)];
    return x === undefined || y === undefined ? [] : [{ value, before: x, now: y }];
  });
}

/** Whether every value is listed. */
export function listsAll({ values, n }: SampledValues): boolean {
  return values.reduce((sum, { count }) => sum + count, 0) === n;
}

/**
 * The two-sided exact test (hypergeometric, twice the smaller tail) of two shares.
 *
 * @param before - Marked, and of how many; at least 1.
 */
export function sharesP(
  before: { readonly marked: number; readonly n: number },
  now: { readonly marked: number; readonly n: number },
): number {
  const marked = before.marked + now.marked;
  const total = before.n + now.n;
  const more = hypergeometricTail(now.marked, now.n, marked, total);
  const fewer = hypergeometricTail(now.n - now.marked, now.n, total - marked, total);
  return Math.min(1, 2 * Math.min(more, fewer));
}
