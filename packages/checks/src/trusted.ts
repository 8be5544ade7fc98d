/** Which records are trusted to be good: those that a column marks (`roles.trusted`), or those that a file of trusted records holds. */

import type { CheckData, Table, TableColumn } from "./check.js";
import { asCategory } from "./columns.js";
import { leafOrder } from "./leaf-order.js";
import { quoted } from "./quoted.js";
import { compareLeavesOf } from "./table-data.js";

/** Values of a column that a message names. */
const SHOWN_VALUES = 5;

/** Leaves of records that are trusted, to be looked up. */
export interface TrustedLeaves {
  /** Whether the leaf of a row of `leaves` (32 bytes a row) is among them. */
  has(leaves: Uint8Array, row: number): boolean;
}

/**
 * @param trusted Leaves, 32 bytes each, in any order. Cost: n log n; log n for each look-up.
 */
export function trustedLeaves(trusted: Uint8Array): TrustedLeaves {
  const sorted = leafOrder([trusted]).leaves;
  return {
    has(leaves, row) {
      let low = 0;
      let high = sorted.length / 32;
      while (low < high) {
        const middle = (low + high) >>> 1;
        const order = compareLeavesOf(sorted, middle, leaves, row);
        if (order === 0) return true;
        if (order < 0) low = middle + 1;
        else high = middle;
      }
      return false;
    },
  };
}

/**
 * The data with the records trusted whose leaves are among `trusted`.
 *
 * @throws RangeError where the data hold none of them: then nothing would be calibrated as asked.
 */
export async function dataWithTrusted(data: CheckData, trusted: Uint8Array): Promise<CheckData> {
  const marks = trustedLeaves(trusted);
  const { length, leaves } = await data.table([]);
  let found = false;
  for (let row = 0; row < length && !found; row++) found = marks.has(leaves, row);
  if (!found) {
    throw new RangeError(
      `trusted: none of the ${trusted.length / 32} records is in the data set; a trusted record is one that the data set holds too, with the same value in every column`,
    );
  }
  return { ...data, trusted: marks };
}

/**
 * Refuses a trust mark that no record carries: then nothing would be calibrated as asked.
 *
 * @throws RangeError naming the column, and the values it holds where these may be shown.
 */
export async function checkTrustMark(data: CheckData, showValues: boolean): Promise<void> {
  const { roles, records } = data.shape;
  if (!roles.trusted || records === 0) return;
  const { column: name, value } = roles.trusted;
  const { columns, length } = await data.table([name]);
  const isMarked = markTest(columns[0]!, value);
  for (let row = 0; row < length; row++) if (isMarked(row)) return;
  const { categories } = asCategory(columns[0]!);
  const more = categories.length > SHOWN_VALUES ? " and others" : "";
  const held = showValues
    ? `; it holds ${categories.slice(0, SHOWN_VALUES).map(quoted).join(", ") || "nothing"}${more}`
    : "";
  throw new RangeError(`trusted: no record has ${quoted(value)} in column ${quoted(name)}${held}`);
}

/**
 * A table whose last column is the trust mark (where `roles.trusted` names one), without it, and which of its rows are
 * trusted.
 */
export function takeTrust(data: CheckData, table: Table): { table: Table; isTrusted: (row: number) => boolean } {
  const { trusted: role } = data.shape.roles;
  const marks = data.trusted;
  const column = role ? table.columns[table.columns.length - 1] : undefined;
  const isMarked = role && column ? markTest(column, role.value) : () => false;
  return {
    table: { ...table, columns: role ? table.columns.slice(0, -1) : table.columns },
    isTrusted: marks ? (row) => isMarked(row) || marks.has(table.leaves, row) : isMarked,
  };
}

/** Whether the cell of a row is the value that marks trusted records. */
function markTest(column: TableColumn, value: string): (row: number) => boolean {
  if (column.kind === "category") {
    const code = column.categories.indexOf(value);
    return (row) => code >= 0 && column.codes[row] === code;
  }
  const number = value.trim() === "" ? Number.NaN : Number(value);
  return (row) => column.values[row] === number;
}
