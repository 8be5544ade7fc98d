/** Which column `near-duplicates` compares as text. */

import type { Table, TableColumn } from "../check.js";
import { firstRows } from "../columns.js";

/** Fewest distinct values, and words of one on average, of a feature that holds free text. */
const FREE_TEXTS = 20;
const FREE_TEXT_WORDS = 4;

/** The text column, or the one feature that holds free text: mostly distinct, of several words. */
export function textColumn(
  table: Table,
  named: string | undefined,
  ids: ReadonlySet<string>,
): (TableColumn & { readonly kind: "category" }) | undefined {
  const categories = table.columns.filter((column) => column.kind === "category");
  if (named !== undefined) return categories.find(({ name }) => name === named);
  const records = firstRows(table).length;
  const free = categories.filter(({ name, categories: texts }) => {
    if (ids.has(name) || texts.length < FREE_TEXTS || 2 * texts.length < records) return false;
    return texts.reduce((sum, text) => sum + (text.match(/\S+/gu)?.length ?? 0), 0) >= FREE_TEXT_WORDS * texts.length;
  });
  return free.length === 1 ? free[0] : undefined;
}
