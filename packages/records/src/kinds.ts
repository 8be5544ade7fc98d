/**
 * Kinds: what leaves can tell apart of a type, no more (`docs/spec/manifest.md`, "Schema digest"). int32, float64 and
 * decimal are all `number`.
 */

import { FormatError, sha256 } from "@assay/merkle";
import { type CborData, encodeCbor } from "./cbor.js";
import type { ColumnType, Kind, Kinds } from "./column-type.js";

/** Most fields of all structs in one column of untyped JSON. */
export const MAX_STRUCT_FIELDS = 100_000;

/** The kind of a type; `null` (nothing but nulls) is kind `"null"`. Untyped JSON has the kind of its data: TypeError. */
export function kindOf(type: ColumnType | null): Kind {
  if (type === null) return "null";
  if (typeof type === "string") {
    switch (type) {
      case "boolean":
      case "text":
      case "bytes":
      case "date":
      case "time":
      case "timestamp":
      case "instant":
      case "duration":
      case "null":
        return type;
      case "json":
        throw new TypeError('type: "json" has no kind of its own; its values do');
      default:
        return "number";
    }
  }
  if ("type" in type) return type.type;
  if ("list" in type) return { list: kindOf(type.list) };
  if ("map" in type) return { map: [kindOf(type.map[0]), kindOf(type.map[1])] };
  return { struct: mapRecord(type.struct, kindOf) };
}

/** The same names with other values, in a record without a prototype. */
function mapRecord<From, To>(record: Readonly<Record<string, From>>, convert: (value: From) => To): Record<string, To> {
  const converted: Record<string, To> = Object.create(null);
  for (const [name, value] of Object.entries(record)) converted[name] = convert(value);
  return converted;
}

/**
 * The kind of data of which some has one kind and some the other: equal stays, null gives way, lists, structs and maps join
 * part by part, all else is `mixed`. Commutative and associative.
 */
export function joinKinds(left: Kind, right: Kind): Kind {
  if (left === right || right === "null") return left;
  if (left === "null") return right;
  if (typeof left === "object" && typeof right === "object") {
    if ("list" in left && "list" in right) return { list: joinKinds(left.list, right.list) };
    if ("map" in left && "map" in right) {
      return { map: [joinKinds(left.map[0], right.map[0]), joinKinds(left.map[1], right.map[1])] };
    }
    if ("struct" in left && "struct" in right) return { struct: joinFields(left.struct, right.struct) };
  }
  return "mixed";
}

function joinFields(left: Kinds, right: Kinds): Record<string, Kind> {
  const joined = mapRecord(left, (kind) => kind);
  for (const [name, kind] of Object.entries(right)) {
    const before = joined[name];
    joined[name] = before === undefined ? kind : joinKinds(before, kind);
  }
  return joined;
}

/** Joins the kinds of all columns of two parts of a file (or of two files). */
export function joinAllKinds(left: Kinds, right: Kinds): Kinds {
  return joinFields(left, right);
}

/** Kinds as they are digested and written: columns and struct fields of kind null left out at any depth; `{list: "null"}` stays. */
export function dropNullKinds(kinds: Kinds): Kinds {
  const kept: Record<string, Kind> = Object.create(null);
  for (const [name, kind] of Object.entries(kinds)) {
    if (kind !== "null") kept[name] = withoutNullFields(kind);
  }
  return kept;
}

function withoutNullFields(kind: Kind): Kind {
  if (typeof kind === "string") return kind;
  if ("list" in kind) return { list: withoutNullFields(kind.list) };
  if ("map" in kind) return { map: [withoutNullFields(kind.map[0]), withoutNullFields(kind.map[1])] };
  return { struct: dropNullKinds(kind.struct) };
}

/** The bytes that {@link schemaDigest} hashes behind `05`. */
export function encodeKinds(kinds: Kinds): Uint8Array {
  return encodeCbor(dropNullKinds(kinds) as CborData);
}

/**
 * The schema digest: SHA-256(0x05 ‖ deterministic CBOR of column name → kind), kinds of null left out.
 *
 * @returns 32 bytes.
 * @example
 * schemaDigest({ id: "number", unused: "null" }); // the digest of { id: "number" }
 */
export function schemaDigest(kinds: Kinds): Uint8Array {
  const encoded = encodeKinds(kinds);
  const input = new Uint8Array(encoded.length + 1);
  input[0] = 0x05;
  input.set(encoded, 1);
  return sha256(input);
}

/** Whether a value of kind `value` can be in data of kind `data`: null fits everything, everything fits `mixed`. */
export function kindFits(value: Kind, data: Kind): boolean {
  if (value === "null" || data === "mixed" || value === data) return true;
  if (typeof value === "string" || typeof data === "string") return false;
  if ("list" in value) return "list" in data && kindFits(value.list, data.list);
  if ("map" in value)
    return "map" in data && kindFits(value.map[0], data.map[0]) && kindFits(value.map[1], data.map[1]);
  if (!("struct" in data)) return false;
  for (const [name, kind] of Object.entries(value.struct)) {
    if (kind === "null") continue;
    const field = Object.hasOwn(data.struct, name) ? data.struct[name] : undefined;
    if (field === undefined || !kindFits(kind, field)) return false;
  }
  return true;
}

type ScalarKind = Extract<Kind, string>;

/** The join of the kinds of values as they come, without making a {@link Kind} for each. */
export class KindTracker {
  #kind: ScalarKind | "list" | "struct" = "null";
  #element: KindTracker | null = null;
  #fields: Map<string, KindTracker> | null = null;
  readonly #budget: { fields: number };

  constructor(budget = { fields: 0 }) {
    this.#budget = budget;
  }

  /** A value of a scalar kind. */
  addScalar(kind: ScalarKind): void {
    if (this.#kind === kind || kind === "null") return;
    this.#kind = this.#kind === "null" ? kind : this.#mix();
  }

  /** A list: returns the tracker of its elements, or `null` when elements no longer matter. */
  addList(): KindTracker | null {
    if (this.#kind === "null") {
      this.#kind = "list";
      this.#element = new KindTracker(this.#budget);
    } else if (this.#kind !== "list") this.#kind = this.#mix();
    return this.#element;
  }

  /** An object: whether its fields matter. */
  addStruct(): boolean {
    if (this.#kind === "null") {
      this.#kind = "struct";
      this.#fields = new Map();
    } else if (this.#kind !== "struct") this.#kind = this.#mix();
    return this.#fields !== null;
  }

  /** The tracker of a field, after {@link KindTracker.addStruct}. Throws `limit-exceeded` beyond {@link MAX_STRUCT_FIELDS}. */
  field(name: string): KindTracker {
    const fields = this.#fields as Map<string, KindTracker>;
    let tracker = fields.get(name);
    if (tracker === undefined) {
      if (++this.#budget.fields > MAX_STRUCT_FIELDS) {
        throw new FormatError(
          "limit-exceeded",
          `The objects of one column have more than ${MAX_STRUCT_FIELDS} different fields (maxStructFields); declare the column as a map`,
          { details: { limit: "maxStructFields", maximum: MAX_STRUCT_FIELDS } },
        );
      }
      tracker = new KindTracker(this.#budget);
      fields.set(name, tracker);
    }
    return tracker;
  }

  toKind(): Kind {
    if (this.#kind === "list") return { list: (this.#element as KindTracker).toKind() };
    if (this.#kind !== "struct") return this.#kind;
    const struct: Record<string, Kind> = Object.create(null);
    for (const [name, tracker] of this.#fields as Map<string, KindTracker>) struct[name] = tracker.toKind();
    return { struct };
  }

  #mix(): "mixed" {
    this.#element = null;
    this.#fields = null;
    return "mixed";
  }
}
