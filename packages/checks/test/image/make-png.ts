/** A small PNG encoder for tests: every colour type, depth, filter and interlace method, without any of the decoder's code. */

import { deflateSync } from "node:zlib";

export interface PngOptions {
  readonly width: number;
  readonly height: number;
  readonly colour: 0 | 2 | 3 | 4 | 6;
  readonly depth: 1 | 2 | 4 | 8 | 16;
  /** Samples of each pixel, row by row. */
  readonly samples: readonly number[];
  readonly interlaced?: boolean;
  /** Filter of each row in turn. Default 0. */
  readonly filters?: readonly number[];
  readonly palette?: readonly number[];
  readonly transparency?: readonly number[];
}

const SAMPLES = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export function makePng(options: PngOptions): Uint8Array {
  const { width, height, colour, depth, interlaced = false, palette, transparency } = options;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, interlaced ? 1 : 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    ...(palette ? [chunk("PLTE", Uint8Array.from(palette))] : []),
    ...(transparency ? [chunk("tRNS", Uint8Array.from(transparency))] : []),
    chunk("IDAT", deflateSync(Uint8Array.from(filtered(options)))),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** A grey image of eight bits. */
export function greyPng(width: number, height: number, samples: readonly number[]): Uint8Array {
  return makePng({ width, height, colour: 0, depth: 8, samples });
}

/** A chunk; its checksum is 0, since nothing compares it. */
export function chunk(type: string, content: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, Buffer.from(type, "latin1"), content, Buffer.alloc(4)]);
}

function filtered({ width, height, colour, depth, samples, interlaced, filters = [0] }: PngOptions): number[] {
  const count = SAMPLES[colour];
  const out: number[] = [];
  // Adam7 as the specification draws it: the pass of each pixel of an 8 × 8 square.
  const square = ["16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656", "77777777"];
  for (let pass = 1; pass <= (interlaced ? 7 : 1); pass++) {
    let above: number[] = [];
    let rows = 0;
    for (let y = 0; y < height; y++) {
      const bits: number[] = [];
      for (let x = 0; x < width; x++) {
        if (interlaced && square[y % 8]?.[x % 8] !== String(pass)) continue;
        for (let k = 0; k < count; k++) {
          const sample = samples[(y * width + x) * count + k] as number;
          for (let b = depth - 1; b >= 0; b--) bits.push((sample >> b) & 1);
        }
      }
      if (bits.length === 0) continue;
      const row: number[] = [];
      for (let i = 0; i < bits.length; i += 8) {
        let byte = 0;
        for (let b = 0; b < 8; b++) byte = 2 * byte + (bits[i + b] ?? 0);
        row.push(byte);
      }
      const filter = filters[rows++ % filters.length] as number;
      const step = Math.max(1, (count * depth) / 8);
      out.push(filter);
      for (const [i, byte] of row.entries()) {
        const [a, b, c] = [row[i - step] ?? 0, above[i] ?? 0, i < step ? 0 : (above[i - step] ?? 0)];
        const p = a + b - c;
        const nearest = [a, b, c].sort((m, n) => Math.abs(p - m) - Math.abs(p - n))[0] as number;
        out.push((byte - ([0, a, b, Math.floor((a + b) / 2), nearest][filter] as number)) & 255);
      }
      above = row;
    }
  }
  return out;
}
