/** What a check that reads features asks for when an image column is named. */

import type { CheckData, Table } from "../check.js";
import { featureColumns } from "../columns.js";
import type { ImageFeatures } from "./image-table.js";

/** The features of the images, or nothing where no image column is named or the data holds none. */
export async function readImages(data: CheckData): Promise<ImageFeatures | undefined> {
  const { image } = data.shape.roles;
  if (image === undefined || !featureColumns(data.shape).includes(image)) return undefined;
  return data.images?.(image);
}

/** Names of columns as an outcome lists them: all features of images are their column. */
export function lookedAtNames(columns: Table["columns"]): string[] {
  return [
    ...new Set(columns.map((column) => (column.kind === "number" ? (column.cell?.image ?? column.name) : column.name))),
  ];
}
