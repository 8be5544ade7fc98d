/** Plots as inline SVG. Colours come from classes, so that they follow light, dark and print; texts are escaped by the template. */

import type { Estimate } from "@assay/checks";
import { linearAxis } from "./axis.js";
import { type HtmlValue, html, type Markup, quoted } from "./html-escape.js";
import { countText, measureText, plural, shareText } from "./number-text.js";
import { cutText } from "./plain-json.js";
import type { BarPlot, HistogramPlot, ReportPlot, ScatterPlot } from "./report-plot.js";

const WIDTH = 480;
const HEIGHT = 300;
const LEFT = 58;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 44;

/** A figure with a caption, and what it leaves out. */
export function plotFigure(plot: ReportPlot): Markup {
  return html`<figure><figcaption>${quoted(plot.title)}</figcaption>${drawing(plot)}</figure>\n`;
}

function drawing(plot: ReportPlot): Markup {
  switch (plot.kind) {
    case "scatter":
      return scatter(plot);
    case "histogram":
      return histogram(plot);
    case "bars":
      return bars(plot);
  }
}

function scatter({ x, y, points, left = 0, title }: ScatterPlot): Markup {
  if (points.length === 0) return html`<p>No record has both numbers.</p>`;
  const across = linearAxis(...extent(points.map((point) => point.x)), LEFT + 6, WIDTH - RIGHT - 6);
  const up = linearAxis(...extent(points.map((point) => point.y)), HEIGHT - BOTTOM - 6, TOP + 6);
  const accused = points.filter((point) => point.accused === true).length;
  const dots = points.map((point) => {
    const at = html`cx="${across.at(point.x)}" cy="${up.at(point.y)}"`;
    if (point.accused !== true) return html`<circle ${at} r="2.4" class="dot"/>`;
    const name = point.record === undefined ? "accused" : `record ${point.record}`;
    return html`<circle ${at} r="4.2" class="dot-accused"><title>${name}: ${measureText(point.x, 6)}, ${measureText(point.y, 6)}</title></circle>`;
  });
  const about = `${title}: ${points.length} records, ${accused} accused`;
  return html`${frame(about, [
    up.ticks.map((tick) => yTick(up.at(tick), up.label(tick))),
    across.ticks.map((tick) => xTick(across.at(tick), up.label(tick))),
    axisNames(x, y),
    dots,
  ])}${legend(accused > 0)}${leftOut(left, "record", "is", "are")}`;
}

function histogram({ column, edges, counts, accused, title }: HistogramPlot): Markup {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return html`<p>The column holds no numbers.</p>`;
  const across = linearAxis(edges[0]!, edges[edges.length - 1]!, LEFT, WIDTH - RIGHT);
  const up = linearAxis(0, largest(counts), HEIGHT - BOTTOM, TOP + 4);
  const floor = HEIGHT - BOTTOM;
  const columns = counts.map((count, index) => {
    const begin = across.at(edges[index]!);
    const width = Math.max(0.5, across.at(edges[index + 1]!) - begin - 1);
    const bad = accused?.[index] ?? 0;
    const range = `${measureText(edges[index]!)} to ${measureText(edges[index + 1]!)}: ${countText(count)}`;
    return html`${rectangle("bar", begin, up.at(count), width, floor, range)}${bad > 0 && rectangle("bar-accused", begin, Math.min(up.at(bad), floor - 2), width, floor, `${countText(bad)} accused`)}`;
  });
  return html`${frame(`${title}: ${total} values`, [
    up.ticks.map((tick) => yTick(up.at(tick), up.label(tick))),
    across.ticks.map((tick) => xTick(across.at(tick), across.label(tick))),
    axisNames(column, "records"),
    columns,
  ])}${legend((accused ?? []).some((count) => count > 0))}`;
}

function bars({ bars, left = 0, title }: BarPlot): Markup {
  if (bars.length === 0) return html`<p>Nothing to count.</p>`;
  const row = 24;
  const height = bars.length * row + 8;
  const begin = 150;
  const end = WIDTH - 92;
  const across = linearAxis(0, Math.max(1, largest(bars.map(({ count }) => count))), begin, end);
  const rows = bars.map(({ name, count, accused = 0 }, index) => {
    const y = 4 + index * row;
    const middle = y + row / 2;
    const numbers = accused > 0 ? `${countText(count)} (${countText(accused)})` : countText(count);
    return html`<text x="${begin - 8}" y="${middle + 4}" text-anchor="end">${shortName(name, 20)}<title>${name}</title></text>
<rect x="${begin}" y="${y + 4}" width="${width(begin, across.at(count))}" height="${row - 8}" rx="2" class="bar"/>
${accused > 0 && html`<rect x="${begin}" y="${y + 4}" width="${width(begin, across.at(accused))}" height="${row - 8}" rx="2" class="bar-accused"/>`}
<text x="${Math.max(begin, across.at(count)) + 6}" y="${middle + 4}">${numbers}</text>`;
  });
  const svg = html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">${rows}</svg>`;
  return html`${svg}${legend(bars.some(({ accused = 0 }) => accused > 0))}${leftOut(left, "name", "is", "are")}`;
}

/** An estimate as a dot and its interval as a line, on a scale from 0 to `most`. */
export function estimateSvg({ rate, low, high }: Estimate, most: number): Markup {
  const axis = linearAxis(0, Math.max(most, 1e-9), 4, 136);
  const about = `${shareText(rate)}, interval ${shareText(low)} to ${shareText(high)}`;
  return html`<svg viewBox="0 0 140 16" width="140" height="16" role="img" aria-label="${about}"><line x1="4" x2="136" y1="8" y2="8" class="grid"/><line x1="${axis.at(low)}" x2="${Math.max(axis.at(high), axis.at(low) + 1)}" y1="8" y2="8" class="whisker"/><circle cx="${axis.at(rate)}" cy="8" r="4" class="estimate"/></svg>`;
}

/** A share as a bar on a scale from 0 to `most`. */
export function shareSvg(share: number, most: number): Markup {
  const axis = linearAxis(0, Math.max(most, 1e-9), 0, 100);
  return html`<svg viewBox="0 0 100 10" width="100" height="10" aria-hidden="true"><rect x="0" y="1" width="100" height="8" rx="2" class="box"/><rect x="0" y="1" width="${Math.max(0, axis.at(share))}" height="8" rx="2" class="estimate"/></svg>`;
}

/** A text for a narrow place: its begin and a sign that there is more. The whole of it stands in a title. */
export function shortName(name: string, most: number): string {
  const characters = Array.from(name.slice(0, 4 * most));
  return characters.length <= most ? name : `${cutText(characters.slice(0, most - 1).join(""))}…`;
}

function frame(about: string, parts: readonly HtmlValue[]): Markup {
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${about}">
<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM}" class="axis"/>
${parts}
</svg>`;
}

function xTick(at: number, label: string): Markup {
  return html`<text x="${at}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${label}</text>`;
}

function yTick(at: number, label: string): Markup {
  return html`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" class="grid"/><text x="${LEFT - 7}" y="${at + 4}" text-anchor="end">${label}</text>`;
}

function axisNames(x: string, y: string): Markup {
  const middle = (HEIGHT - BOTTOM + TOP) / 2;
  return html`<text x="${(WIDTH + LEFT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${shortName(x, 50)}</text>
<text x="12" y="${middle}" text-anchor="middle" transform="rotate(-90 12 ${middle})">${shortName(y, 32)}</text>`;
}

function rectangle(kind: string, x: number, y: number, width: number, floor: number, title: string): Markup {
  const height = Number(Math.max(0, floor - y).toFixed(1));
  return html`<rect x="${x}" y="${Number(y.toFixed(1))}" width="${Number(width.toFixed(1))}" height="${height}" class="${kind}"><title>${title}</title></rect>`;
}

function legend(hasAccused: boolean): Markup {
  if (!hasAccused) return html``;
  return html`<p><span class="key accused"></span>accused by a finding &ensp;<span class="key other"></span>all others</p>`;
}

function leftOut(count: number, what: string, one: string, many: string): Markup | undefined {
  if (count === 0) return undefined;
  return html`<p>${plural(count, what)} ${count === 1 ? one : many} not drawn.</p>`;
}

function width(begin: number, end: number): number {
  return Number(Math.max(0, end - begin).toFixed(1));
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function extent(values: readonly number[]): [number, number] {
  let low = values[0] ?? 0;
  let high = low;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
