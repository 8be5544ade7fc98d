/** The poison of `label-flips`: a record's label replaced by another class. */

import { asCategory, firstRows } from "../columns.js";
import { LEAST_GROUPS } from "../label/given-labels.js";
import type { PlantedCells, Poison } from "./poison.js";

/**
 * Another class, drawn uniformly among those that at least five distinct records carry; so is the record's own, because smaller
 * classes are not judged. The record stays what it is otherwise.
 */
export const flippedLabels: Poison = {
  attack: "label-flip",
  stands: "instead",
  async prepare(data) {
    const { label: name } = data.shape.roles;
    if (name === undefined) return "there are several label columns";
    const table = await data.table([name]);
    const { codes, categories } = asCategory(table.columns[0]!);
    const counts = new Int32Array(categories.length);
    for (const row of firstRows(table)) if (codes[row]! >= 0) counts[codes[row]!]!++;
    const classes = [...counts.keys()].filter((code) => counts[code]! >= LEAST_GROUPS);
    if (classes.length < 2) return "fewer than two classes are common enough";
    const positionOf = new Int32Array(categories.length).fill(-1);
    for (const [position, code] of classes.entries()) positionOf[code] = position;
    const firstOf = new Int32Array(classes.length).fill(-1);
    for (const [row, code] of codes.entries()) {
      const position = code < 0 ? -1 : positionOf[code]!;
      if (position >= 0 && firstOf[position]! < 0) firstOf[position] = row;
    }
    return {
      what: "flipped labels",
      plant(row, random): PlantedCells | undefined {
        const own = codes[row]! < 0 ? -1 : positionOf[codes[row]!]!;
        if (own < 0) return undefined;
        const other = (own + 1 + random.below(classes.length - 1)) % classes.length;
        return new Map([[name, { from: firstOf[other]! }]]);
      },
    };
  },
};
