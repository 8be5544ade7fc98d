/** Which rows are trusted (`roles.trusted`). */

import type { TableColumn } from "../check.js";

/** Whether the cell of a row is the value that marks trusted records. */
export function trustTest(column: TableColumn, value: string): (row: number) => boolean {
  if (column.kind === "category") {
    const code = column.categories.indexOf(value);
    return (row) => code >= 0 && column.codes[row] === code;
  }
  const number = value.trim() === "" ? Number.NaN : Number(value);
  return (row) => column.values[row] === number;
}
