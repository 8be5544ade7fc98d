/**
 * The head of a `.npy` file (NEP 1; `numpy.lib.format`, versions 1.0, 2.0 and 3.0): six magic bytes, a version, the length
 * of a Python literal, and the literal that says type, order and shape. Only what NumPy itself writes for plain numbers is
 * accepted; the literal is matched, never evaluated, and a pickle is never opened.
 */

import { badMatrix } from "./matrix-refusals.js";

/** How an element is stored: what it is, and its bytes. */
export interface NpyType {
  readonly kind: "f" | "i" | "u" | "b";
  readonly size: 1 | 2 | 4 | 8;
  readonly littleEndian: boolean;
}

/** An array of any number of dimensions. */
export interface NpyArray {
  readonly type: NpyType;
  /** Whether elements stand column by column. */
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

export interface NpyHeader extends Omit<NpyArray, "shape"> {
  readonly rows: number;
  /** 1 for a shape of one dimension. */
  readonly columns: number;
}

/** Bytes before the literal, at most: magic, version and a length of four bytes. */
export const PREAMBLE_BYTES = 12;
/** Longest literal that is read. NumPy's own are 118 bytes, or a little more. */
const MAX_LITERAL_BYTES = 65_536;
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Whether a file begins as `.npy` files do. */
export function isNpy(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

/**
 * Where the literal of a file is.
 *
 * @param head The first {@link PREAMBLE_BYTES} bytes, or all where there are fewer.
 * @throws FormatError `bad-matrix`.
 */
export function npyLiteralRange(head: Uint8Array, path: string): { readonly begin: number; readonly end: number } {
  if (!isNpy(head)) throw badMatrix(path, "it does not begin with the magic bytes of a .npy file");
  const [major, minor] = [head[6], head[7]];
  if (major === undefined || minor === undefined) throw badMatrix(path, "it ends inside its header");
  if (![1, 2, 3].includes(major) || minor !== 0)
    throw badMatrix(path, `it has version ${major}.${minor}; versions 1.0, 2.0 and 3.0 can be read`);
  const begin = major === 1 ? 10 : 12;
  if (head.length < begin) throw badMatrix(path, "it ends inside its header");
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_LITERAL_BYTES)
    throw badMatrix(path, `its header is ${length} bytes long; at most ${MAX_LITERAL_BYTES} are read`);
  return { begin, end: begin + length };
}

const SPACE = /[ \t]*/y;
const WORD = /'([a-z_]{1,20})'|"([a-z_]{1,20})"/y;
const DESCRIPTION = /'([^'"\\]{1,64})'|"([^'"\\]{1,64})"/y;
const ORDER = /True|False/y;
const SHAPE = /\(([-0-9, ]{0,200})\)/y;

/**
 * Parses the literal of a matrix: one or two dimensions.
 *
 * @throws FormatError `bad-matrix`, as {@link parseNpyArray} does and for other dimensions.
 */
export function parseNpyLiteral(text: string, path: string): NpyHeader {
  const { shape, ...others } = parseNpyArray(text, path);
  const [rows, columns = 1] = shape;
  if (rows === undefined || shape.length > 2)
    throw badMatrix(path, `its shape (${shape.join(", ")}) has ${shape.length} dimensions; one or two can be read`);
  return { ...others, rows, columns };
}

/**
 * Parses the literal, such as `{'descr': '<f8', 'fortran_order': False, 'shape': (150, 3), }`.
 *
 * @throws FormatError `bad-matrix`, for anything else: other members, types that are no plain numbers.
 */
export function parseNpyArray(text: string, path: string): NpyArray {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  const skip = (): unknown => take(SPACE);
  const takes = (character: string): boolean => {
    skip();
    if (text[at] !== character) return false;
    at++;
    skip();
    return true;
  };
  const refused = (): Error =>
    badMatrix(path, `its header is not the literal that NumPy writes (${JSON.stringify(text.slice(0, 120).trim())})`);

  const members = new Map<string, string>();
  if (!takes("{")) throw refused();
  while (!takes("}")) {
    const word = take(WORD);
    const name = word?.[1] ?? word?.[2] ?? "";
    if (members.has(name) || !takes(":")) throw refused();
    if (name === "descr" && text[at] === "[")
      throw badMatrix(path, "its elements are structures with fields; save one array of numbers");
    const value =
      name === "descr" ? take(DESCRIPTION) : name === "fortran_order" ? take(ORDER) : name === "shape" && take(SHAPE);
    if (!value) throw refused();
    members.set(name, name === "fortran_order" ? value[0] : ((value[1] ?? value[2]) as string));
    if (!takes(",") && text[at] !== "}") throw refused();
  }
  if (!/^\s*$/.test(text.slice(at)) || members.size !== 3) throw refused();
  return {
    type: typeOf(members.get("descr") as string, path),
    fortran: members.get("fortran_order") === "True",
    shape: shapeOf(members.get("shape") as string, path, refused),
  };
}

function typeOf(description: string, path: string): NpyType {
  if (/^\|?O/.test(description)) {
    throw badMatrix(
      path,
      "its elements are Python objects, stored as a pickle, which can run code when it is opened. " +
        "Save numbers: numpy.save(FILE, array.astype('float64'))",
    );
  }
  const match = /^([<>|])([fiub])([1248])$/.exec(description);
  const [, order, kind, digit] = match ?? [];
  const size = Number(digit);
  const known = kind === "f" ? size > 1 : kind === "b" ? size === 1 : true;
  if (match === null || !known || (order === "|" && size > 1)) {
    throw badMatrix(
      path,
      `its elements have the type ${JSON.stringify(description)}; f2, f4, f8, i1 to i8, u1 to u8 and b1 can be read`,
    );
  }
  return { kind: kind as NpyType["kind"], size: size as NpyType["size"], littleEndian: order !== ">" };
}

function shapeOf(text: string, path: string, refused: () => Error): readonly number[] {
  const parts = text.split(",").map((part) => part.trim());
  // A tuple of one has a comma behind it, and a longer one may have.
  const dimensions = parts[parts.length - 1] === "" ? parts.slice(0, -1) : parts;
  if (parts.length === 1 && dimensions.length === 1) throw refused();
  for (const dimension of dimensions) {
    if (/^-[0-9]{1,20}$/.test(dimension)) throw badMatrix(path, `its shape (${text}) has a negative dimension`);
    if (!/^(0|[1-9][0-9]{0,15})$/.test(dimension)) throw refused();
  }
  return dimensions.map(Number);
}
