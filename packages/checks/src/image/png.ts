/**
 * Decodes PNG (W3C PNG, third edition): all colour types and depths, transparency, both interlace methods. Of an animation the still
 * image. Inflating is a library's work. Checksums are not compared: what programs that ignore them see is seen here too.
 */

import { unzlibSync } from "fflate";
import { checkSize, type Pixels, UnreadableImage } from "./pixels.js";

/** First bytes of every PNG. */
export const PNG_SIGNATURE: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Colour type → samples a pixel, and the bit depths that it may have. */
const COLOURS: Readonly<Record<number, { readonly samples: number; readonly depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

/** Adam7: the first column and row of each pass, and the steps to the next. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly samples: number;
  readonly interlaced: boolean;
}

interface Chunks {
  readonly header: Header;
  /** Red, green and blue of each entry. */
  readonly palette: Uint8Array;
  /** Alpha of each palette entry, or the one colour that is transparent, as it stands in `tRNS`. */
  readonly transparency: Uint8Array;
  /** The zlib stream. */
  readonly compressed: Uint8Array;
}

/**
 * @throws UnreadableImage when it is no whole PNG, or has more than `MAX_PIXELS`.
 */
export function decodePng(bytes: Uint8Array): Pixels {
  const chunks = chunksOf(bytes);
  const { header } = chunks;
  const passes = passesOf(header);
  const expected = passes.reduce((sum, pass) => sum + pass.height * (1 + bytesOfRow(pass.width, header)), 0);
  let data: Uint8Array;
  try {
    // Into a buffer of the size that the header asks for: a bomb finds no room to grow in.
    data = unzlibSync(chunks.compressed, { out: new Uint8Array(expected) });
  } catch {
    throw new UnreadableImage("its compressed data is damaged");
  }
  if (data.length < expected) throw new UnreadableImage("it is cut short");
  const { width, height, depth } = header;
  const size = 4 * width * height;
  const rgba = depth === 16 ? new Uint16Array(size) : new Uint8Array(size);
  const put = pixelWriter(chunks, rgba);
  let at = 0;
  for (const pass of passes) {
    const length = bytesOfRow(pass.width, header);
    const step = Math.max(1, (header.samples * depth) >> 3);
    let above: Uint8Array = new Uint8Array(length);
    for (let y = 0; y < pass.height; y++) {
      const row = data.subarray(at + 1, at + 1 + length);
      unfilter(data[at] as number, row, above, step);
      const first = (pass.top + y * pass.down) * width + pass.left;
      for (let x = 0; x < pass.width; x++) put(row, x, 4 * (first + x * pass.right));
      above = row;
      at += 1 + length;
    }
  }
  return { width, height, rgba, most: depth === 16 ? 65535 : 255 };
}

function chunksOf(bytes: Uint8Array): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Header | undefined;
  let palette = new Uint8Array(0);
  let transparency = new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  for (let at = PNG_SIGNATURE.length; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const end = at + 8 + length;
    if (type === "IEND") break;
    if (end > bytes.length) throw new UnreadableImage("it is cut short");
    const content = bytes.slice(at + 8, type === "IDAT" ? at + 8 : end);
    if (header === undefined && type !== "IHDR") throw new UnreadableImage("it does not begin with its header");
    if (type === "IHDR") {
      if (header !== undefined) throw new UnreadableImage("it has two headers");
      header = headerOf(content);
    } else if (type === "PLTE") palette = content;
    else if (type === "tRNS") transparency = content;
    else if (type === "IDAT") pieces.push(bytes.subarray(at + 8, end));
    at = end + 4;
  }
  if (header === undefined || pieces.length === 0) throw new UnreadableImage("it is cut short");
  if (header.colour === 3 && (palette.length === 0 || palette.length % 3 !== 0)) {
    throw new UnreadableImage("it has no palette");
  }
  const compressed = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    compressed.set(piece, at);
    at += piece.length;
  }
  return { header, palette, transparency, compressed };
}

function headerOf(content: Uint8Array): Header {
  if (content.length !== 13) throw new UnreadableImage("its header has another length");
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, compression, filter, interlace] = content.subarray(8) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  const kind = Object.hasOwn(COLOURS, colour) ? COLOURS[colour] : undefined;
  if (!kind?.depths.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1) {
    throw new UnreadableImage("its header asks for what PNG does not have");
  }
  checkSize(width, height);
  return { width, height, depth, colour, samples: kind.samples, interlaced: interlace === 1 };
}

interface Pass {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly down: number;
  readonly width: number;
  readonly height: number;
}

/** The passes that have pixels; one for an image that is not interlaced. */
function passesOf({ width, height, interlaced }: Header): Pass[] {
  if (!interlaced) return [{ left: 0, top: 0, right: 1, down: 1, width, height }];
  return PASSES.map(([left, top, right, down]) => ({
    left,
    top,
    right,
    down,
    width: Math.ceil((width - left) / right),
    height: Math.ceil((height - top) / down),
  })).filter((pass) => pass.width > 0 && pass.height > 0);
}

function bytesOfRow(width: number, { samples, depth }: Header): number {
  return Math.ceil((width * samples * depth) / 8);
}

/** Takes the filter off a row, in place (PNG, section 9). */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, step: number): void {
  if (filter > 4) throw new UnreadableImage("its pixels are damaged");
  for (let i = 0; i < row.length; i++) {
    const left = i < step ? 0 : (row[i - step] as number);
    const up = above[i] as number;
    const corner = i < step ? 0 : (above[i - step] as number);
    if (filter === 1) (row[i] as number) += left;
    else if (filter === 2) (row[i] as number) += up;
    else if (filter === 3) (row[i] as number) += (left + up) >> 1;
    else if (filter === 4) (row[i] as number) += paeth(left, up, corner);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** Writes pixel `x` of a row to `rgba[to…]`. */
function pixelWriter(
  { header, palette, transparency }: Chunks,
  rgba: Uint8Array | Uint16Array,
): (row: Uint8Array, x: number, to: number) => void {
  const { depth, colour, samples } = header;
  const most = depth === 16 ? 65535 : 255;
  const raw = (row: Uint8Array, i: number): number => {
    if (depth === 8) return row[i] as number;
    if (depth === 16) return 256 * (row[2 * i] as number) + (row[2 * i + 1] as number);
    return ((row[(i * depth) >> 3] as number) >> (8 - depth - ((i * depth) & 7))) & (2 ** depth - 1);
  };
  if (colour === 3) {
    return (row, x, to) => {
      const entry = raw(row, x);
      if (3 * entry >= palette.length) throw new UnreadableImage("it uses a colour that its palette has not");
      for (let k = 0; k < 3; k++) rgba[to + k] = palette[3 * entry + k] as number;
      rgba[to + 3] = transparency[entry] ?? 255;
    };
  }
  const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  const coloured = samples >= 3;
  const hasAlpha = colour >= 4;
  const key = hasAlpha || transparency.length !== 2 * samples ? undefined : transparency;
  return (row, x, to) => {
    let isKey = key !== undefined;
    for (let k = 0; k < 3; k++) {
      const value = raw(row, x * samples + (coloured ? k : 0));
      const place = coloured ? 2 * k : 0;
      if (key && value !== 256 * (key[place] as number) + (key[place + 1] as number)) isKey = false;
      rgba[to + k] = value * scale;
    }
    rgba[to + 3] = hasAlpha ? raw(row, x * samples + samples - 1) : isKey ? 0 : most;
  };
}
