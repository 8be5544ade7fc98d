/**
 * Plants known poison into a copy of a table: flipped labels, moved cells, repeated records and one bad source. Seeded: the same
 * table and seed give the same poison, and every planted record is listed, so that what is found can be counted.
 */

/** A small generator of numbers in [0, 1): mulberry32. Good enough to plant with; nothing that is signed uses it. */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A CSV without quotes as rows of texts. The demo's files have none; anything else is refused. */
export function readTable(text) {
  if (text.includes('"')) throw new Error("the demo reads only CSV without quotes");
  const [header, ...lines] = text.trimEnd().split(/\r?\n/);
  const columns = header.split(",");
  return { columns, rows: lines.map((line) => line.split(",")) };
}

export const writeTable = ({ columns, rows }) => `${[columns, ...rows].map((row) => row.join(",")).join("\n")}\n`;

/** Gives every record one of `count` suppliers, at random: where the real file does not say who supplied a record. */
export function addSuppliers(table, count, random) {
  return {
    columns: [...table.columns, "supplier"],
    rows: table.rows.map((row) => [...row, `supplier-${String(1 + Math.floor(random() * count)).padStart(2, "0")}`]),
  };
}

const sample = (indices, size, random) => {
  const pool = [...indices];
  for (let i = 0; i < size; i++) {
    const other = i + Math.floor(random() * (pool.length - i));
    [pool[i], pool[other]] = [pool[other], pool[i]];
  }
  return pool.slice(0, size);
};

/**
 * Flips labels to another label that occurs: `share` of all records, and `badShare` of those of one bad supplier.
 * Returns the row numbers of the flipped records.
 */
export function flipLabels(table, { label, share, badSupplier, badShare }, random) {
  const labelColumn = table.columns.indexOf(label);
  const supplierColumn = table.columns.indexOf("supplier");
  const labels = [...new Set(table.rows.map((row) => row[labelColumn]))].sort();
  const honest = [];
  const bad = [];
  for (const [index, row] of table.rows.entries()) (row[supplierColumn] === badSupplier ? bad : honest).push(index);
  const flipped = [
    ...sample(honest, Math.round(honest.length * share), random),
    ...sample(bad, Math.round(bad.length * badShare), random),
  ];
  for (const index of flipped) {
    const row = table.rows[index];
    const others = labels.filter((other) => other !== row[labelColumn]);
    row[labelColumn] = others[Math.floor(random() * others.length)];
  }
  return flipped;
}

/** Moves up to three numeric cells of `count` records by 12 robust standard deviations of their column, up or down. */
export function moveCells(table, { columns, count }, random) {
  const robustDeviation = (column) => {
    const values = table.rows.map((row) => Number(row[column])).sort((a, b) => a - b);
    const at = (share) => values[Math.floor(share * (values.length - 1))];
    return (at(0.75) - at(0.25)) / 1.349;
  };
  const places = columns.map((name) => table.columns.indexOf(name));
  const deviations = new Map(places.map((place) => [place, robustDeviation(place)]));
  const moved = sample(table.rows.keys(), count, random);
  for (const index of moved) {
    const row = table.rows[index];
    for (const place of sample(places, 1 + Math.floor(random() * 3), random)) {
      const direction = random() < 0.5 ? -1 : 1;
      row[place] = String(Number((Number(row[place]) + direction * 12 * deviations.get(place)).toFixed(6)));
    }
  }
  return moved;
}

/** Appends `count` records a second time, at the end. Returns the row numbers of the copies. */
export function repeatRecords(table, count, random) {
  const first = table.rows.length;
  const chosen = sample(table.rows.keys(), count, random);
  for (const index of chosen) table.rows.push([...table.rows[index]]);
  return chosen.map((_, offset) => first + offset);
}
