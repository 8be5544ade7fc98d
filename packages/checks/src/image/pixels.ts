/** Decoded images, as the decoders give them and the features read them. */

/** An image in memory: only while its features are computed. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and alpha of each pixel, row by row from the top left. Not multiplied by alpha. */
  readonly rgba: Uint8Array | Uint16Array;
  /** What full intensity is: 255 or 65,535. */
  readonly most: 255 | 65535;
}

/**
 * Most pixels of an image: 2^24 (16.8 million). A decoder takes up to 25 bytes for each. What is larger is refused from its header,
 * before anything is allocated.
 */
export const MAX_PIXELS = 2 ** 24;

/** An image that cannot be read, and why: a fact about the data, never a reason to stop. */
export class UnreadableImage extends Error {
  override readonly name = "UnreadableImage";
}

/** Refuses a size that is none, or that is above the cap. */
export function checkSize(width: number, height: number): void {
  if (width < 1 || height < 1) throw new UnreadableImage("it has no pixels");
  if (width * height > MAX_PIXELS) {
    throw new UnreadableImage(`it has ${width} × ${height} pixels, more than ${MAX_PIXELS}`);
  }
}
