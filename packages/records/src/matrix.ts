/**
 * Matrices that stand beside a data set, one row a record over all files in path order: class probabilities and
 * embeddings (entry `@assay/records/matrix`). From `.npy`, or from anything that the readers open as columns of numbers.
 * Loads no reader of Arrow or Parquet unless a file has that format.
 */

import { canonicalJson, createSha256, toHex } from "@assay/merkle";
import type { Executor } from "./executor.js";
import { readMatrixColumns } from "./matrix-columns.js";
import { badMatrix } from "./matrix-refusals.js";
import { readNpy } from "./npy.js";
import { isNpy } from "./npy-header.js";
import { withFile } from "./open-bytes.js";
import type { Source } from "./source.js";

/** A matrix of finite numbers. Plain data. */
export interface Matrix {
  /** What it is called in messages and statements: a file name, not a path of the machine. */
  readonly name: string;
  readonly rows: number;
  /** At least 1. */
  readonly columns: number;
  /** Names of the columns; absent where the file has none (`.npy`, columns of lists). */
  readonly names?: readonly string[];
  /** Row by row, `rows × columns`. */
  readonly values: Float32Array | Float64Array;
  /** SHA-256 of the file, lower-case hex; of a matrix in memory {@link matrixDigest}. */
  readonly sha256: string;
}

export interface ReadMatrixOptions {
  /** Most bytes of numbers. Default 4 GiB; more is `limit-exceeded`. */
  readonly maxMatrixBytes?: number;
  /** Where the work runs, for all formats but `.npy`. Default: here. */
  readonly executor?: Executor;
  readonly signal?: AbortSignal;
}

const MAX_MATRIX_BYTES = 4 * 2 ** 30;

/**
 * Reads the matrix of a source of one file: `.npy` by its first bytes, else every column numeric, or one column of lists of
 * equal length.
 *
 * @throws FormatError `bad-matrix` where something is no finite number, naming row and column (from 0); `limit-exceeded`;
 * and whatever the reader of its format refuses. SourceError where it cannot be read.
 * @example
 * const source = await sourceOfBytes("p", [{ path: "p.csv", bytes: new TextEncoder().encode("no,yes\n0.9,0.1\n") }]);
 * (await readMatrix(source)).names; // ["no", "yes"]
 */
export async function readMatrix(source: Source, options: ReadMatrixOptions = {}): Promise<Matrix> {
  const { maxMatrixBytes = MAX_MATRIX_BYTES } = options;
  if (!(maxMatrixBytes >= 1)) throw new RangeError(`maxMatrixBytes must be at least 1, not ${maxMatrixBytes}`);
  const [file] = source.files;
  if (file === undefined || source.files.length > 1)
    throw new RangeError(`source must have one file, not ${source.files.length}`);
  const npy = await withFile(file, async (bytes) => {
    const head = bytes.size < 6 ? new Uint8Array(0) : await bytes.read(0, 6);
    return isNpy(head) ? readNpy(bytes, options, maxMatrixBytes) : undefined;
  });
  if (npy !== undefined) return npy;
  if (["other", "text", "files", "tar"].includes(file.format)) {
    throw badMatrix(
      file.path,
      "it is neither .npy nor a table. Write it with numpy.save, or as CSV, TSV, JSONL, Arrow, Parquet or safetensors",
    );
  }
  return readMatrixColumns(source, options, maxMatrixBytes);
}

/**
 * The digest of a matrix that is in no file: SHA-256 over the RFC 8785 bytes of `{"columns":N,"names":[…],"rows":N,"type":
 * "float32"|"float64"}` (names only where there are any), a line feed, and the values row by row, little-endian.
 *
 * @returns 64 lower-case hex digits.
 */
export function matrixDigest({ rows, columns, names, values }: Omit<Matrix, "name" | "sha256">): string {
  const single = values instanceof Float32Array;
  const type = single ? "float32" : "float64";
  const hash = createSha256();
  const head = canonicalJson({ columns, rows, type, ...(names !== undefined && { names: [...names] }) });
  hash.update(new TextEncoder().encode(`${head}\n`));
  const width = single ? 4 : 8;
  for (let begin = 0; begin < values.length; begin += 65_536) {
    const piece = values.subarray(begin, begin + 65_536);
    const view = new DataView(new ArrayBuffer(width * piece.length));
    for (const [i, value] of piece.entries()) {
      if (single) view.setFloat32(4 * i, value, true);
      else view.setFloat64(8 * i, value, true);
    }
    hash.update(new Uint8Array(view.buffer));
  }
  return toHex(hash.digest());
}
