/**
 * The head of a safetensors file (github.com/huggingface/safetensors, "Format"): eight bytes of length, a JSON object, and the
 * tensors one behind the other without a gap. Read strictly, since what readers disagree on could hide data.
 */

import { FormatError } from "@assay/merkle";
import type { ArrayElement, StoredArray } from "./array-column.js";
import { checkColumnCount } from "./array-limits.js";
import { type JsonValue, parseJsonRecord } from "./json-value.js";
import { badMatrix } from "./matrix-refusals.js";
import type { ByteSource, Limits } from "./reader.js";

/** Longest head that is read; the format allows 100 MB. */
const MAX_HEAD_BYTES = 16 * 1024 * 1024;

const ELEMENTS: ReadonlyMap<string, readonly [ArrayElement["type"], ArrayElement["size"]]> = new Map([
  ["BOOL", ["boolean", 1]],
  ["I8", ["int8", 1]],
  ["I16", ["int16", 2]],
  ["I32", ["int32", 4]],
  ["I64", ["int64", 8]],
  ["U8", ["uint8", 1]],
  ["U16", ["uint16", 2]],
  ["U32", ["uint32", 4]],
  ["U64", ["uint64", 8]],
  ["F16", ["float16", 2]],
  ["BF16", ["bfloat16", 2]],
  ["F8_E4M3", ["float8_e4m3fn", 1]],
  ["F8_E5M2", ["float8_e5m2", 1]],
  ["F32", ["float32", 4]],
  ["F64", ["float64", 8]],
]);

/**
 * The tensors of a file, in the order of their data.
 *
 * @throws FormatError `bad-matrix`, `unsupported-type`, `duplicate-key`, `limit-exceeded`.
 */
export async function readSafetensorsArrays(source: ByteSource, { maxColumns }: Limits): Promise<StoredArray[]> {
  const { path, size } = source;
  if (size < 8) throw badMatrix(path, "it is shorter than the head of a safetensors file");
  const lengthBytes = await source.read(0, 8);
  const length = Number(new DataView(lengthBytes.buffer, lengthBytes.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEAD_BYTES || length > size - 8)
    throw badMatrix(
      path,
      `its head states ${length} bytes; at most ${Math.min(MAX_HEAD_BYTES, size - 8)} can be there`,
    );
  const head = parseHead(path, await source.read(8, 8 + length));
  head.delete("__metadata__");
  checkColumnCount(path, head.size, maxColumns);
  const arrays = [...head].map(([name, value]) => tensorOf(path, name, value, 8 + length));
  arrays.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { array, begin, end } of arrays) {
    if (begin !== at)
      throw badMatrix(
        path,
        `the tensor ${JSON.stringify(array.name)} begins at ${begin}, and the one before ends at ${at}`,
      );
    at = end;
  }
  if (at !== size - 8 - length)
    throw badMatrix(path, `its tensors have ${at} bytes, and ${size - 8 - length} follow its head`, {
      expected: at,
      actual: size - 8 - length,
    });
  return arrays.map(({ array }) => array);
}

function parseHead(path: string, bytes: Uint8Array): Map<string, JsonValue> {
  try {
    return parseJsonRecord(bytes);
  } catch (cause) {
    if (cause instanceof FormatError && cause.code === "duplicate-key")
      throw new FormatError("duplicate-key", `${path}, its head: ${cause.message}`, { details: { path }, cause });
    throw badMatrix(path, `its head is not the JSON of a safetensors file: ${(cause as Error).message}`);
  }
}

function tensorOf(
  path: string,
  name: string,
  value: JsonValue,
  origin: number,
): { readonly array: StoredArray; readonly begin: number; readonly end: number } {
  const what = `the tensor ${JSON.stringify(name.slice(0, 100))}`;
  if (!(value instanceof Map) || [...value.keys()].sort().join() !== "data_offsets,dtype,shape")
    throw badMatrix(path, `${what} does not have dtype, shape and data_offsets`);
  const dtype = value.get("dtype");
  const [type, size] = ELEMENTS.get(typeof dtype === "string" ? dtype : "") ?? [];
  if (type === undefined || size === undefined)
    throw new FormatError(
      "unsupported-type",
      `${path}: ${what} has elements of type ${JSON.stringify(dtype)}, which are no numbers that can be read`,
      {
        details: { path, column: name },
      },
    );
  const shape = lengthsOf(value.get("shape"));
  const offsets = lengthsOf(value.get("data_offsets"));
  const [begin, end] = offsets ?? [];
  if (shape === null || shape.length > 32 || offsets?.length !== 2 || begin === undefined || end === undefined)
    throw badMatrix(path, `${what} has a shape or offsets that are none`);
  const bytes = shape.reduce((product, length) => product * length, size);
  if (end - begin !== bytes) throw badMatrix(path, `${what} has ${end - begin} bytes, and its shape needs ${bytes}`);
  const array = { name, element: { type, size, littleEndian: true }, shape, offset: origin + begin };
  return { array, begin, end };
}

/** Whole numbers from 0, or `null`. */
function lengthsOf(value: JsonValue | undefined): number[] | null {
  if (!Array.isArray(value)) return null;
  const lengths = value.filter((length): length is number => typeof length === "number" && length >= 0);
  return lengths.length === value.length ? lengths : null;
}
