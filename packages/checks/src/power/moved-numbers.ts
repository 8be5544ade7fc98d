/** The poison of `outliers`: some numbers of a record moved far away. */

import type { CheckData } from "../check.js";
import { featuresOf, robustScale } from "../features.js";
import { sampleWithoutReplacement } from "../numeric/random-stream.js";
import { takeTrust } from "../trusted.js";
import type { PlantedCell, PlantedCells, Poison } from "./poison.js";

/** Robust standard deviations by which a cell is moved. */
const MOVED_BY = 12;
/** Most cells of a record that are moved. */
const MOST_CELLS = 3;

/**
 * A third of the numeric cells, rounded up and at most three, each moved up or down by 12 robust standard deviations of its
 * column; whole numbers stay whole, a missing value is taken for the median. Trusted records are left as they are.
 *
 * @param columns - The columns that the check reads, the trust mark among them.
 */
export function movedNumbers(columns: (shape: CheckData["shape"]) => readonly string[]): Poison {
  return {
    attack: "moved-cells",
    stands: "instead",
    async prepare(data) {
      const { features: named = [], text, image } = data.shape.roles;
      const read = await data.table(columns(data.shape).filter((name) => name !== image));
      const { table, isTrusted } = takeTrust(data, read);
      const features = featuresOf(table, { named, text });
      // A moved date that is text would have to be written as one.
      const numbers = features.numbers.filter(({ name }) => !features.dates.includes(name));
      if (numbers.length === 0) return "no column of numbers varies";
      const scales = numbers.map(({ values }) => robustScale(values.filter((value) => !Number.isNaN(value))));
      const count = Math.min(MOST_CELLS, Math.ceil(numbers.length / 3));
      return {
        what: "records with moved numbers",
        plant(row, random): PlantedCells | undefined {
          if (isTrusted(row)) return undefined;
          const cells = new Map<string, PlantedCell>();
          for (const j of sampleWithoutReplacement(random, numbers.length, count)) {
            const { name, values } = numbers[j]!;
            const { centre, scale } = scales[j]!;
            const value = Number.isNaN(values[row]) ? centre : values[row]!;
            const moved = value + (random.below(2) === 0 ? MOVED_BY : -MOVED_BY) * scale;
            if (!Number.isFinite(moved)) return undefined;
            cells.set(name, { value: Number.isInteger(value) ? Math.round(moved) : moved });
          }
          return cells;
        },
      };
    },
  };
}
