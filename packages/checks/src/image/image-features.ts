/**
 * What checks see of an image: its pixels, down-sampled to a grid of fixed size by the mean over each cell, so that images of any
 * size can be compared. Sums are of integers and below 2^53, so every engine gives the same features.
 *
 * An image is stretched to the grid. Its orientation tag, colour profile and gamma are not applied, and alpha is a feature of its
 * own, not blended: as programs that train on images read them.
 */

import { COARSE, FEATURES, FINE } from "./image-grid.js";
import { decodeJpeg, JPEG_SIGNATURE } from "./jpeg.js";
import { type Pixels, UnreadableImage } from "./pixels.js";
import { decodePng, PNG_SIGNATURE } from "./png.js";

/**
 * The features of an image file, 0 … 65,535 each: brightness on the 16 × 16 grid, then on the 4 × 4 grid red − green and
 * blue − green (32,768 where they are equal) and alpha.
 *
 * @throws UnreadableImage when it cannot be read, and why.
 */
export function imageFeatures(bytes: Uint8Array): Uint16Array {
  return gridOf(decodeImage(bytes));
}

/** Decodes PNG and JPEG, told apart by their first bytes. */
export function decodeImage(bytes: Uint8Array): Pixels {
  const begins = (signature: readonly number[]): boolean => signature.every((byte, i) => bytes[i] === byte);
  if (begins(PNG_SIGNATURE)) return decodePng(bytes);
  if (begins(JPEG_SIGNATURE)) return decodeJpeg(bytes);
  throw new UnreadableImage(bytes.length === 0 ? "it has no bytes" : `it is ${otherFormat(bytes)}, not PNG or JPEG`);
}

/** What else people store as images, named so that they know what to convert. */
function otherFormat(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes.subarray(0, 16));
  if (text.startsWith("GIF8")) return "GIF";
  if (text.startsWith("BM")) return "BMP";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "WebP";
  if (text.startsWith("II*\0") || text.startsWith("MM\0*")) return "TIFF";
  if (text.slice(4, 8) === "ftyp") return "AVIF, HEIC or a film";
  return "no image that is known";
}

/** Mean of red, green, blue and alpha over the cells of the fine grid, and all features from these. */
export function gridOf({ width, height, rgba, most }: Pixels): Uint16Array {
  // Pixel x covers [x · FINE, (x + 1) · FINE) of a line that cell i covers [i · width, (i + 1) · width) of: whole weights.
  const sums = new Float64Array(4 * FINE * FINE);
  const line = new Float64Array(4 * FINE);
  const across = spansOf(width);
  const down = spansOf(height);
  for (let y = 0, from = 0; y < height; y++) {
    line.fill(0);
    for (let x = 0; x < width; x++, from += 4) {
      const end = across.begin[x + 1] as number;
      for (let i = across.begin[x] as number; i < end; i++) {
        const at = 4 * (across.cell[i] as number);
        const weight = across.weight[i] as number;
        line[at] = (line[at] as number) + weight * (rgba[from] as number);
        line[at + 1] = (line[at + 1] as number) + weight * (rgba[from + 1] as number);
        line[at + 2] = (line[at + 2] as number) + weight * (rgba[from + 2] as number);
        line[at + 3] = (line[at + 3] as number) + weight * (rgba[from + 3] as number);
      }
    }
    for (let i = down.begin[y] as number; i < (down.begin[y + 1] as number); i++) {
      const to = 4 * FINE * (down.cell[i] as number);
      const weight = down.weight[i] as number;
      for (let k = 0; k < line.length; k++) sums[to + k] = (sums[to + k] as number) + weight * (line[k] as number);
    }
  }
  const area = width * height;
  const scale = 65535 / most;
  const features = new Uint16Array(FEATURES);
  for (let cell = 0; cell < FINE * FINE; cell++) {
    const [red, green, blue] = sums.subarray(4 * cell, 4 * cell + 3) as unknown as [number, number, number];
    features[cell] = rounded(((299 * red + 587 * green + 114 * blue) / (1000 * area)) * scale);
  }
  const ratio = FINE / COARSE;
  for (let cell = 0; cell < COARSE * COARSE; cell++) {
    const [row, column] = [Math.floor(cell / COARSE), cell % COARSE];
    const total = [0, 0, 0, 0];
    for (let r = ratio * row; r < ratio * (row + 1); r++)
      for (let c = ratio * column; c < ratio * (column + 1); c++)
        for (let k = 0; k < 4; k++) (total[k] as number) += sums[4 * (FINE * r + c) + k] as number;
    const [red, green, blue, alpha] = total as [number, number, number, number];
    const cells = ratio * ratio * area;
    const at = FINE * FINE + cell;
    features[at] = rounded(32768 + (((red - green) / cells) * scale) / 2);
    features[at + COARSE * COARSE] = rounded(32768 + (((blue - green) / cells) * scale) / 2);
    features[at + 2 * COARSE * COARSE] = rounded((alpha / cells) * scale);
  }
  return features;
}

interface Spans {
  /** The spans of pixel x are those from `begin[x]` to `begin[x + 1]`. */
  readonly begin: Int32Array;
  readonly cell: Int32Array;
  readonly weight: Int32Array;
}

/** The cells that each pixel of a line lies in, with the length that it has there: together FINE. */
function spansOf(length: number): Spans {
  const begin = new Int32Array(length + 1);
  const cell = new Int32Array(length + FINE);
  const weight = new Int32Array(length + FINE);
  let count = 0;
  for (let x = 0; x < length; x++) {
    for (let c = Math.floor((x * FINE) / length); c * length < (x + 1) * FINE; c++) {
      cell[count] = c;
      weight[count++] = Math.min((x + 1) * FINE, (c + 1) * length) - Math.max(x * FINE, c * length);
    }
    begin[x + 1] = count;
  }
  return { begin, cell, weight };
}

function rounded(value: number): number {
  return Math.min(65535, Math.floor(value + 0.5));
}
