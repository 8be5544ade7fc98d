/** The poison of the checks that look for copies: a record that stands in the data once more, as it is or nearly so. */

import type { Table, TableColumn } from "../check.js";
import { asCategory, columnNames, featureColumns, idColumns } from "../columns.js";
import { textColumn } from "../duplicate/text-column.js";
import { robustScale } from "../features.js";
import type { RandomStream } from "../numeric/random-stream.js";
import type { PlantedCell, PlantedCells, Poison } from "./poison.js";

/** The poison of `exact-duplicates`: the same record once more. */
export const exactCopies: Poison = {
  attack: "exact-copy",
  stands: "repeated",
  prepare: async () => ({ what: "exact copies", plant: () => new Map() }),
};

/** The poison of `conflicting-duplicates`: a record once more, under ids of its own and with another label, drawn uniformly. */
export const conflictingCopies: Poison = {
  attack: "conflicting-copy",
  stands: "beside",
  async prepare(data) {
    const labelName = data.shape.roles.label as string;
    const names = featureColumns(data.shape).filter((name) => name !== labelName);
    const table = await data.table([...names, labelName]);
    const { codes, categories } = asCategory(table.columns[names.length]!);
    if (categories.length < 2) return "there is only one label";
    const firstOf = new Int32Array(categories.length).fill(-1);
    for (const [row, code] of codes.entries()) if (code >= 0 && firstOf[code]! < 0) firstOf[code] = row;
    const ids = ownIds({ ...table, columns: table.columns.slice(0, names.length) });
    return {
      what: "copies with another label",
      plant(row, random, index): PlantedCells | undefined {
        const own = codes[row]!;
        if (own < 0) return undefined;
        const other = (own + 1 + random.below(categories.length - 1)) % categories.length;
        return new Map([...ids.cells(random, index), [labelName, { from: firstOf[other]! }]]);
      },
    };
  },
};

/**
 * The poison of `near-duplicates`: a record once more under ids of its own. Where there is a text, one character of it is
 * changed; where not even an id or a column that the check does not compare tells the copy apart, one cell of its features is.
 */
export const nearCopies: Poison = {
  attack: "near-copy",
  stands: "beside",
  async prepare(data) {
    const { text: named } = data.shape.roles;
    const features = featureColumns(data.shape);
    const names = named === undefined || features.includes(named) ? features : [...features, named];
    const whole = await data.table(names);
    const ids = ownIds({ ...whole, columns: whole.columns.filter(({ name }) => name !== named) });
    const text = textColumn(whole, named, new Set(ids.names));
    if (text) {
      return {
        what: "copies with one character of the text changed",
        plant(row, random, index): PlantedCells | undefined {
          const code = text.codes[row]!;
          const changed = code < 0 ? undefined : withOneCharacterChanged(text.categories[code]!, random);
          return changed === undefined
            ? undefined
            : new Map([...ids.cells(random, index), [text.name, { value: changed }]]);
        },
      };
    }
    const apart = columnNames(data.shape).filter((name) => !features.includes(name) && name !== data.shape.roles.label);
    if (ids.names.length > 0 || apart.length > 0) {
      return {
        what: "copies of all features",
        plant: (_, random, index) => ids.cells(random, index),
      };
    }
    const cells = whole.columns.filter((column) => column.kind === "number" || column.categories.length > 1);
    if (cells.length === 0) return "no feature varies";
    const changes = cells.map(slightChange);
    return {
      what: "copies with one cell changed",
      plant(row, random): PlantedCells {
        const j = random.below(cells.length);
        return new Map([[cells[j]!.name, changes[j]!(row, random)]]);
      },
    };
  },
};

interface OwnIds {
  readonly names: readonly string[];
  cells(random: RandomStream, index: number): PlantedCells;
}

/** Ids for copies, so that a column that is an id by nature stays one: numbers behind the largest, texts of 16 random digits. */
function ownIds(table: Table): OwnIds {
  const names = idColumns(table);
  const columns = table.columns.filter(({ name }) => names.includes(name));
  const largest = columns.map((column) =>
    column.kind === "number"
      ? column.values
          .filter((value) => !Number.isNaN(value))
          .reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
      : 0,
  );
  return {
    names,
    cells(random, index) {
      const cells = new Map<string, PlantedCell>();
      for (const [j, { name, kind }] of columns.entries()) {
        const id = largest[j]! + 1 + index;
        if (kind === "number") cells.set(name, { value: Number.isSafeInteger(id) ? id : Number.NaN });
        else cells.set(name, { value: hexDigits(random.next()) + hexDigits(random.next()) });
      }
      return cells;
    },
  };
}

function hexDigits(word: number): string {
  return word.toString(16).padStart(8, "0");
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** A text with a drawn character replaced by another letter; `undefined` for an empty one. */
function withOneCharacterChanged(text: string, random: RandomStream): string | undefined {
  const characters = Array.from(text);
  if (characters.length === 0) return undefined;
  const at = random.below(characters.length);
  const others = LETTERS.replace(characters[at]!.toLowerCase(), "");
  characters[at] = others[random.below(others.length)]!;
  return characters.join("");
}

/** A thousandth of a robust standard deviation more, or another category. */
function slightChange(column: TableColumn): (row: number, random: RandomStream) => PlantedCell {
  if (column.kind === "category") {
    const { codes, categories } = column;
    return (row, random) => {
      const other = (Math.max(0, codes[row]!) + 1 + random.below(categories.length - 1)) % categories.length;
      return { value: categories[other]! };
    };
  }
  const finite = column.values.filter(Number.isFinite);
  const { centre, scale } = robustScale(finite);
  return (row) => ({ value: (Number.isFinite(column.values[row]) ? column.values[row]! : centre) + scale / 1000 });
}
