/** Where in an image a feature stands. Apart from the decoders, so that naming a feature loads none. */

/** Rows, and columns, of the grid that brightness is measured on. */
export const FINE = 16;
/** Rows, and columns, of the grid that colour and alpha are measured on. */
export const COARSE = 4;
/** Features of an image. */
export const FEATURES = FINE * FINE + 3 * COARSE * COARSE;

/** A cell of the grid that an image is down-sampled to, and what of it is measured. */
export interface ImageCell {
  /** The column that holds the images. */
  readonly image: string;
  readonly measure: "brightness" | "red" | "blue" | "alpha";
  /** From 0, from the top. */
  readonly row: number;
  /** From 0, from the left. */
  readonly column: number;
  /** Rows, and columns, of the grid. */
  readonly of: number;
}

/** Which cell a feature is. */
export function cellOfFeature(image: string, feature: number): ImageCell {
  if (feature < FINE * FINE) return cell(image, "brightness", feature, FINE);
  const place = feature - FINE * FINE;
  const measure = (["red", "blue", "alpha"] as const)[Math.floor(place / COARSE ** 2)] as ImageCell["measure"];
  return cell(image, measure, place % COARSE ** 2, COARSE);
}

function cell(image: string, measure: ImageCell["measure"], place: number, of: number): ImageCell {
  return { image, measure, row: Math.floor(place / of), column: place % of, of };
}

/** Name of the feature as a column: `photo[3,5]` for brightness, `photo.red[1,2]` for the rest. */
export function nameOfCell({ image, measure, row, column }: ImageCell): string {
  return `${image}${measure === "brightness" ? "" : `.${measure}`}[${row},${column}]`;
}

/** For people, who count from 1: `row 4 of 16, column 6 of 16 (brightness)`. */
export function regionOfCell({ measure, row, column, of }: ImageCell): string {
  const what = { brightness: "brightness", red: "red against green", blue: "blue against green", alpha: "opacity" };
  return `row ${row + 1} of ${of}, column ${column + 1} of ${of} (${what[measure]})`;
}
