/** Kinds of columns: from the type, except untyped JSON, whose values say their own. */

import type { Batch, Column } from "./batch.js";
import { isPresent } from "./batch.js";
import type { Kind, Kinds } from "./column-type.js";
import { joinKinds } from "./kinds.js";
import { type DecodedValue, decodeValue } from "./value-decoding.js";

/** The kind of a column. Cheap, except for untyped JSON whose maker did not note it: then every value is decoded. */
export function kindOfColumn(column: Column): Kind {
  switch (column.type) {
    case "list":
      return { list: kindOfColumn(column.child) };
    case "map":
      return { map: [kindOfColumn(column.keys), kindOfColumn(column.values)] };
    case "struct":
      return { struct: kindsOfColumns(column.fields) };
    case "json": {
      if (column.kind !== undefined) return column.kind;
      let kind: Kind = "null";
      for (let index = 0; index < column.length; index++) {
        if (!isPresent(column, index)) continue;
        const value = decodeValue(column.data, column.offsets[index] as number, column.offsets[index + 1] as number, 1);
        kind = joinKinds(kind, kindOfValue(value));
      }
      return kind;
    }
    case "boolean":
    case "text":
    case "bytes":
    case "date":
    case "time":
    case "timestamp":
    case "instant":
    case "duration":
    case "null":
      return column.type;
    default:
      return "number";
  }
}

/** Column name → kind of the columns of a batch, those of kind null too. Join those of several with `joinAllKinds`. */
export function kindsOf(batch: Batch): Kinds {
  return kindsOfColumns(batch.columns);
}

function kindsOfColumns(columns: readonly Column[]): Record<string, Kind> {
  const kinds: Record<string, Kind> = Object.create(null);
  for (const column of columns) kinds[column.name] = kindOfColumn(column);
  return kinds;
}

/** The kind of a value that said its own type: its maps are objects, so structs. */
function kindOfValue(value: DecodedValue): Kind {
  switch (value.is) {
    case "double":
    case "integer":
    case "decimal":
      return "number";
    case "list": {
      let element: Kind = "null";
      for (const part of value.elements) element = joinKinds(element, kindOfValue(part));
      return { list: element };
    }
    case "map": {
      const struct: Record<string, Kind> = Object.create(null);
      for (const [key, element] of value.pairs) struct[key.is === "text" ? key.value : ""] = kindOfValue(element);
      return { struct };
    }
    default:
      return value.is;
  }
}

/**
 * Whether data of this kind can hold a value: lists, structs and maps part by part; null fits every kind, everything fits
 * `mixed`. Objects and maps with text keys have the same bytes, so either kind can hold both.
 */
export function kindHolds(kind: Kind, value: DecodedValue): boolean {
  if (value.is === "null" || kind === "mixed") return true;
  if (value.is === "list") {
    return typeof kind === "object" && "list" in kind && value.elements.every((part) => kindHolds(kind.list, part));
  }
  if (value.is === "map") {
    if (typeof kind !== "object") return false;
    if ("map" in kind) {
      const [keys, elements] = kind.map;
      return value.pairs.every(([key, element]) => kindHolds(keys, key) && kindHolds(elements, element));
    }
    if (!("struct" in kind)) return false;
    const { struct } = kind;
    return value.pairs.every(([key, element]) => {
      if (key.is !== "text") return false;
      const field = Object.hasOwn(struct, key.value) ? struct[key.value] : undefined;
      return field !== undefined && kindHolds(field, element);
    });
  }
  return kind === kindOfValue(value);
}
