/** Reads the images of one part of a file: what a worker does. Decoders are loaded here, so only where an image column is named. */

import { type Column, isPresent, readBatches, type ScannedSource } from "@assay/records";
import type { FoldPartInput } from "../fold-part.js";
import { FEATURES } from "./image-grid.js";
import { UnreadableImage } from "./pixels.js";

/** Plain data, the same for all parts. */
export interface ImagePartOptions {
  /** The source without its files. */
  readonly scanned: ScannedSource;
  readonly column: string;
}

/** The images of consecutive records. */
export interface ImagePart {
  /** Ordinal of the first record in its file. */
  readonly begin: number;
  /** 304 features of each record; 0 where there is no image. */
  readonly features: Uint16Array;
  /** What each record has: 0 no image, 1 one that was read, 2 one that cannot be read. */
  readonly states: Uint8Array;
  /** Why the first few cannot be read. */
  readonly unreadable: readonly { readonly ordinal: number; readonly reason: string }[];
}

/** Images that cannot be read which are named one by one. */
export const NAMED_IMAGES = 5;

/** Task: features of the images of one part. */
export async function imagePart(
  { scanned, column: name }: ImagePartOptions,
  { file }: Pick<FoldPartInput, "file">,
): Promise<ImagePart[]> {
  const { imageFeatures } = await import("./image-features.js");
  const parts: ImagePart[] = [];
  for await (const { batch, begin } of readBatches(
    { ...scanned, files: [file] },
    { columns: [name], contents: "all" },
  )) {
    const features = new Uint16Array(FEATURES * batch.length);
    const states = new Uint8Array(batch.length);
    const unreadable: { ordinal: number; reason: string }[] = [];
    const bytesAt = imageReader(batch.columns.find((column) => column.name === name));
    for (let i = 0; i < batch.length; i++) {
      const bytes = bytesAt(i);
      if (bytes === null) continue;
      try {
        features.set(imageFeatures(bytes), FEATURES * i);
        states[i] = 1;
      } catch (error) {
        if (!(error instanceof UnreadableImage)) throw error;
        states[i] = 2;
        if (unreadable.length < NAMED_IMAGES) unreadable.push({ ordinal: begin + i, reason: error.message });
      }
    }
    parts.push({ begin, features, states, unreadable });
  }
  return parts;
}

/**
 * The bytes of the images of a column: a column of bytes, or structs whose field `bytes` holds them, as data set hubs write
 * them (`{bytes, path}`). `null` where there are none.
 */
export function imageReader(column: Column | undefined): (index: number) => Uint8Array | null {
  if (column?.type === "bytes") {
    const { data, offsets } = column;
    return (i) => (isPresent(column, i) ? data.subarray(offsets[i] as number, offsets[i + 1] as number) : null);
  }
  if (column?.type === "struct") {
    const inside = imageReader(column.fields.find(({ name }) => name === "bytes"));
    return (i) => (isPresent(column, i) ? inside(i) : null);
  }
  return () => null;
}
