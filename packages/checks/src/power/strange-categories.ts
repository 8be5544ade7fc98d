/** The second poison of `outliers`: some categories of a record replaced by values that no record has. */

import type { CheckData, CheckResult } from "../check.js";
import { featuresOf } from "../features.js";
import { sampleWithoutReplacement } from "../numeric/random-stream.js";
import { takeTrust } from "../trusted.js";
import type { PlantedCell, PlantedCells, Poison } from "./poison.js";

/** Most cells of a record that are replaced. */
const MOST_CELLS = 3;

/**
 * A third of the categorical cells, rounded up and at most three, each replaced by a value of its own that no record holds.
 * Trusted records are left as they are. Where findings are claimed for the numbers alone, none of it could be found.
 *
 * @param columns - The columns that the check reads, the trust mark among them.
 */
export function strangeCategories(columns: (shape: CheckData["shape"]) => readonly string[]): Poison {
  return {
    attack: "strange-categories",
    stands: "instead",
    blind: ({ outcome }: CheckResult) =>
      outcome.calibration === "decoy" ? "its findings are claimed for the numbers alone" : undefined,
    async prepare(data) {
      const { features: named = [], text, image } = data.shape.roles;
      const read = await data.table(columns(data.shape).filter((name) => name !== image));
      const { table, isTrusted } = takeTrust(data, read);
      const { categories } = featuresOf(table, { named, text });
      if (categories.length === 0) return "no column of categories varies";
      const count = Math.min(MOST_CELLS, Math.ceil(categories.length / 3));
      const held = categories.map(({ categories: values }) => new Set(values));
      return {
        what: "records with categories that no other has",
        plant(row, random): PlantedCells | undefined {
          if (isTrusted(row)) return undefined;
          const cells = new Map<string, PlantedCell>();
          for (const j of sampleWithoutReplacement(random, categories.length, count)) {
            const value = `planted ${random.next().toString(16).padStart(8, "0")}`;
            if (held[j]!.has(value)) return undefined;
            cells.set(categories[j]!.name, { value });
          }
          return cells;
        },
      };
    },
  };
}
