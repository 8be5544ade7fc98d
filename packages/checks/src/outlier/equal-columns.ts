/** Columns that hold the same numbers under several names. */

import type { FeatureColumns } from "../features.js";
import { quoted } from "../quoted.js";

/** Names that a note lists. */
const SHOWN_NAMES = 20;

/**
 * What is said of columns that repeat another; nothing where none does. They are not left out, because that would change what a
 * table scores by a copy of a column, but they count several times, and a decoy takes them apart, which no honest record is.
 */
export function equalColumnNotes(numbers: FeatureColumns["numbers"]): string[] {
  const known = new Map<number, FeatureColumns["numbers"][number][]>();
  const repeated: string[] = [];
  for (const column of numbers) {
    const hash = hashOf(column.values);
    const alike = known.get(hash);
    if (!alike) known.set(hash, [column]);
    else if (alike.some(({ values }) => values.every((value, row) => Object.is(value, column.values[row]))))
      repeated.push(column.name);
    else alike.push(column);
  }
  if (repeated.length === 0) return [];
  const names = repeated.slice(0, SHOWN_NAMES).map(quoted).join(", ");
  const more = repeated.length > SHOWN_NAMES ? ` and ${repeated.length - SHOWN_NAMES} more` : "";
  return [
    `${names}${more}: the same numbers as another column, which count once more and make the decoy find less; exclude what repeats (exclude)`,
  ];
}

/** Finds candidates only: equality is compared. */
function hashOf(values: Float64Array): number {
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  let hash = 0;
  for (const word of words) hash = Math.imul(hash ^ word, 0x85ebca6b) ^ (hash >>> 15);
  return hash;
}
