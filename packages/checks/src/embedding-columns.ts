/** Embeddings as columns of numbers, so that checks compute with them as with any other. */

import type { CheckData, TableColumn } from "./check.js";

type NumberColumn = Extract<TableColumn, { kind: "number" }>;

/**
 * The columns of the embeddings that are not constant, in leaf order, named `embeddings[NAME]` or `embeddings[3]` (from 0).
 * None where there are no embeddings.
 */
export function embeddingColumns(data: CheckData): NumberColumn[] {
  const matrix = data.matrix?.("embeddings");
  if (matrix === undefined) return [];
  const { rows, columns, names, values } = matrix;
  const found: NumberColumn[] = [];
  for (let column = 0; column < columns; column++) {
    const own = new Float64Array(rows);
    let varies = false;
    for (let row = 0; row < rows; row++) {
      own[row] = (values[row * columns + column] as number) + 0;
      if (own[row] !== own[0]) varies = true;
    }
    if (varies) found.push({ name: `embeddings[${names?.[column] ?? column}]`, kind: "number", values: own });
  }
  return found;
}

/** What an outcome says of the embeddings that it looked at. */
export function embeddingNotes(data: CheckData, used: number): string[] {
  const columns = data.shape.matrices?.embeddings?.columns ?? 0;
  if (columns === 0) return [];
  const constant = columns > used ? `; ${columns - used} have the same value in every record` : "";
  return [`looked at ${used} of ${columns} ${columns === 1 ? "column" : "columns"} of the embeddings${constant}`];
}
