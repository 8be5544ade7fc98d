/** Rows for benchmarks, the same for every run: made from a seed. */

import { closeSync, openSync, writeSync } from "node:fs";

/**
 * Writes a CSV file of ten columns: integers, decimals, floats with nulls, text with quotes, a date, a timestamp, a boolean,
 * a label.
 */
export function writeRows(path, records) {
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  const file = openSync(path, "w");
  let text = "id,count,price,ratio,note,day,seen,flag,label,score\n";
  for (let i = 0; i < records; i++) {
    const day = String(1 + Math.floor(next() * 28)).padStart(2, "0");
    const note =
      i % 7 === 0
        ? `"said ""${Math.floor(next() * 1e6)}"", then left"`
        : `plain words number ${Math.floor(next() * 1e9)}`;
    text += `${i},${Math.floor(next() * 1000)},${(next() * 100).toFixed(2)},${i % 50 === 0 ? "" : next()},${note},2026-01-${day},2026-01-${day}T12:00:${day}Z,${next() < 0.5},c${Math.floor(next() * 5)},${(next() * 10).toFixed(6)}\n`;
    if (text.length > 1 << 20) {
      writeSync(file, text);
      text = "";
    }
  }
  writeSync(file, text);
  closeSync(file);
}
