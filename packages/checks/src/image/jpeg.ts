/**
 * Decodes JPEG (ITU T.81): baseline, extended and progressive with eight bits, grey, YCbCr, RGB and CMYK. A library decodes; here
 * its work is bounded first, from the marker segments: size, components, sampling and number of scans, because a scan of no
 * data costs as much as one of the whole image.
 */

import { decode } from "jpeg-js";
import { checkSize, type Pixels, UnreadableImage } from "./pixels.js";

/** First bytes of every JPEG. */
export const JPEG_SIGNATURE: readonly number[] = [0xff, 0xd8, 0xff];

/** Most scans of one image; encoders write about ten. */
const MAX_SCANS = 100;

/**
 * @throws UnreadableImage when it is no whole JPEG of these kinds, or has more than `MAX_PIXELS`.
 */
export function decodeJpeg(bytes: Uint8Array): Pixels {
  const { width, height } = checkSegments(bytes);
  let decoded: { readonly width: number; readonly height: number; readonly data: Uint8Array };
  try {
    // Bounds are checked above; the library counts megapixels in whole ones.
    decoded = decode(bytes, {
      useTArray: true,
      formatAsRGBA: true,
      tolerantDecoding: false,
      maxResolutionInMP: Number.POSITIVE_INFINITY,
      maxMemoryUsageInMB: Number.POSITIVE_INFINITY,
    });
  } catch {
    throw new UnreadableImage("its data is damaged");
  }
  if (decoded.width !== width || decoded.height !== height) throw new UnreadableImage("its data is damaged");
  return { width, height, rgba: decoded.data, most: 255 };
}

/** Walks the marker segments to the end of the image. */
function checkSegments(bytes: Uint8Array): { width: number; height: number } {
  const short = (at: number): number => {
    if (at + 2 > bytes.length) throw new UnreadableImage("it is cut short");
    return 256 * (bytes[at] as number) + (bytes[at + 1] as number);
  };
  let size: { width: number; height: number } | undefined;
  let scans = 0;
  let at = 2;
  for (;;) {
    // Between scans stands entropy-coded data, in which FF is followed by 00 or a restart marker; FF may be repeated as filling.
    while (at < bytes.length && !isMarker(bytes, at)) at++;
    if (at + 1 >= bytes.length) throw new UnreadableImage("it is cut short");
    const marker = bytes[at + 1] as number;
    at += 2;
    if (marker === 0xd9) break;
    const length = short(at);
    if (length < 2) throw new UnreadableImage("its data is damaged");
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      if (size) throw new UnreadableImage("it has two frames");
      size = frameSize(marker, bytes.subarray(at + 2, at + length));
    }
    if (marker === 0xda && ++scans > MAX_SCANS) throw new UnreadableImage(`it has more than ${MAX_SCANS} scans`);
    at += length;
  }
  if (!size || scans === 0) throw new UnreadableImage("it has no image in it");
  return size;
}

function isMarker(bytes: Uint8Array, at: number): boolean {
  const next = bytes[at + 1] as number;
  return bytes[at] === 0xff && next !== 0x00 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7);
}

function frameSize(marker: number, frame: Uint8Array): { width: number; height: number } {
  if (marker > 0xc2) throw new UnreadableImage("it is lossless, hierarchical or arithmetic-coded JPEG");
  if (frame[0] !== 8) throw new UnreadableImage("its samples have not eight bits");
  const height = 256 * (frame[1] as number) + (frame[2] as number);
  const width = 256 * (frame[3] as number) + (frame[4] as number);
  const components = frame[5] as number;
  if (frame.length < 6 || frame.length !== 6 + 3 * components || ![1, 3, 4].includes(components)) {
    throw new UnreadableImage("its header is damaged");
  }
  checkSize(width, height);
  for (let i = 0; i < components; i++) {
    const sampling = frame[7 + 3 * i] as number;
    const [across, down] = [sampling >> 4, sampling & 15];
    if (across < 1 || across > 4 || down < 1 || down > 4) throw new UnreadableImage("its header is damaged");
  }
  return { width, height };
}
