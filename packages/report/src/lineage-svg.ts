/** Lineage as a graph: parents, the operation, this data set. An edge is drawn whole only when it was proven. */

import { html, type Markup } from "./html-escape.js";
import { countText, plural } from "./number-text.js";
import { shortName } from "./plots-svg.js";
import type { Report, ReportLineage } from "./report-model.js";

const MAX_DRAWN = 8;
const BOX = { width: 220, height: 58 };
const GAP = 18;

export function lineageSvg({ operation, parents }: ReportLineage, { dataset }: Report): Markup {
  const drawn = parents.slice(0, MAX_DRAWN);
  const height = Math.max(110, drawn.length * (BOX.height + GAP) + GAP);
  const middle = height / 2;
  const first = middle - (drawn.length * (BOX.height + GAP) - GAP) / 2;
  const boxes = drawn.map((parent, index) => {
    const y = first + index * (BOX.height + GAP);
    const from = y + BOX.height / 2;
    return html`<path d="M ${20 + BOX.width} ${from} C 300 ${from} 290 ${middle} 336 ${middle}" class="edge ${parent.edge}"/>
<rect x="20" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="8" class="box"/>
<text x="34" y="${y + 24}" class="name">parent ${parent.manifest.slice(0, 12)}…</text>
<text x="34" y="${y + 43}">${plural(parent.records, "record")} · ${parent.parent}</text>`;
  });
  const proven = parents.every(({ edge }) => edge === "proven")
    ? "proven"
    : parents.every(({ edge }) => edge === "claimed")
      ? "claimed"
      : "not-checked";
  return html`<svg viewBox="0 0 800 ${height}" role="img" aria-label="${plural(parents.length, "parent")}, ${operation}, this data set; lineage ${proven}">
${boxes}
<rect x="336" y="${middle - 24}" width="128" height="48" rx="24" class="box"/>
<text x="400" y="${middle - 2}" text-anchor="middle" class="name">${operation}</text>
<text x="400" y="${middle + 14}" text-anchor="middle">${proven.replace("-", " ")}</text>
<line x1="464" x2="548" y1="${middle}" y2="${middle}" class="edge ${proven}"/>
<path d="M 548 ${middle - 5} l 9 5 l -9 5 z" class="arrow"/>
<rect x="560" y="${middle - BOX.height / 2}" width="${BOX.width}" height="${BOX.height}" rx="8" class="box-this"/>
<text x="574" y="${middle - 5}" class="name">${shortName(dataset.name, 26)}<title>${dataset.name}</title></text>
<text x="574" y="${middle + 14}">${countText(dataset.records)} records · this data set</text>
</svg>`;
}
