import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decodePng } from "../../src/image/png.js";
import { randomOf } from "../tables.js";
import { chunk, greyPng, makePng, type PngOptions } from "./make-png.js";

const fixtures = new URL("../../../../test/fixtures/images/", import.meta.url);
const expected = JSON.parse(readFileSync(new URL("expected.json", fixtures), "utf8")) as Record<
  string,
  { width: number; height: number; rgba: string }
>;

describe("decodePng()", () => {
  const files = Object.entries(expected).filter(([name]) => name.endsWith(".png"));
  test.each(files)("reads %s as Pillow does", (name, { width, height, rgba }) => {
    const image = decodePng(readFileSync(new URL(name, fixtures)));
    expect(image).toMatchObject({ width, height, most: 255 });
    expect(Buffer.from(image.rgba as Uint8Array).toString("base64")).toBe(rgba);
  });

  const kinds = ([0, 2, 3, 4, 6] as const).flatMap((colour) =>
    ([1, 2, 4, 8, 16] as const)
      .filter((depth) => (colour === 0 ? true : colour === 3 ? depth <= 8 : depth >= 8))
      .map((depth) => ({ colour, depth })),
  );
  test.each(kinds)(
    "gives the samples back that were written: colour type $colour, $depth bits",
    ({ colour, depth }) => {
      const random = randomOf(10 * colour + depth);
      const count = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colour];
      const palette = Array.from({ length: 3 * 2 ** Math.min(8, depth) }, () => Math.floor(256 * random()));
      // Sizes around 8, where passes are empty or partial.
      for (const [width, height] of [
        [1, 1],
        [3, 2],
        [5, 9],
        [8, 8],
        [17, 11],
      ] as const) {
        const samples = Array.from({ length: width * height * count }, () => Math.floor(2 ** depth * random()));
        for (const interlaced of [false, true]) {
          const options: PngOptions = {
            ...{ width, height, colour, depth, samples, interlaced, filters: [0, 1, 2, 3, 4] },
            ...(colour === 3 ? { palette, transparency: [7] } : {}),
          };
          const { rgba, most } = decodePng(makePng(options));
          expect(most).toBe(depth === 16 ? 65535 : 255);
          const wanted = Array.from({ length: width * height }, (_, i) => {
            const own = samples.slice(i * count, (i + 1) * count);
            const [first = 0, second = 0] = own;
            if (colour === 3) return [...palette.slice(3 * first, 3 * first + 3), first === 0 ? 7 : 255];
            if (colour === 2) return [...own, most];
            if (colour === 6) return own;
            const grey = depth < 8 ? (first * 255) / (2 ** depth - 1) : first;
            return [grey, grey, grey, colour === 4 ? second : most];
          });
          expect([...rgba]).toEqual(wanted.flat());
        }
      }
    },
  );

  test("makes the one transparent colour of 16 bits transparent", () => {
    const png = makePng({ width: 2, height: 1, colour: 0, depth: 16, samples: [513, 514], transparency: [2, 1] });
    expect([...decodePng(png).rgba]).toEqual([513, 513, 513, 0, 514, 514, 514, 65535]);
  });

  const good = greyPng(4, 4, new Array(16).fill(9));
  const header = (width: number, height: number, rest: readonly number[]): Uint8Array => {
    const content = Buffer.alloc(13);
    content.writeUInt32BE(width, 0);
    content.writeUInt32BE(height, 4);
    content.set(rest, 8);
    return chunk("IHDR", content);
  };
  const signature = good.slice(0, 8);
  const png = (...chunks: Uint8Array[]): Uint8Array => Buffer.concat([signature, ...chunks]);
  const grey = [8, 0, 0, 0, 0];
  const data = (length: number): Uint8Array => chunk("IDAT", deflateSync(new Uint8Array(length)));
  test.each([
    ["nothing but the signature", signature, /cut short/],
    ["a file that ends in its pixels", good.slice(0, -30), /cut short/],
    ["too few rows", png(header(4, 4, grey), data(10)), /cut short/],
    ["damaged compression", png(header(4, 4, grey), chunk("IDAT", Buffer.from("not zlib at all"))), /damaged/],
    ["an unknown filter", png(header(1, 1, grey), chunk("IDAT", deflateSync(Buffer.from([9, 0])))), /damaged/],
    ["no header", png(data(20)), /header/],
    ["two headers", png(header(4, 4, grey), header(1, 1, grey), data(20)), /two headers/],
    ["a depth that its colour has not", png(header(4, 4, [4, 2, 0, 0, 0]), data(60)), /header/],
    ["an unknown colour type", png(header(4, 4, [8, 5, 0, 0, 0]), data(60)), /header/],
    ["no pixels", png(header(0, 4, grey), data(20)), /no pixels/],
    ["more pixels than it may have", png(header(2 ** 31, 2 ** 31, grey), data(20)), /2147483648 × 2147483648 pixels/],
    ["no palette", png(header(4, 4, [8, 3, 0, 0, 0]), data(20)), /no palette/],
    [
      "a colour beyond its palette",
      makePng({ width: 1, height: 1, colour: 3, depth: 8, samples: [2], palette: [1, 2, 3] }),
      /palette has not/,
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodePng(bytes)).toThrow(
      expect.objectContaining({ name: "UnreadableImage", message: expect.stringMatching(message) }),
    );
  });

  test("gives a bomb no room: 100 MB of zeros behind a header of 4 × 4 pixels", () => {
    const bomb = png(
      header(4, 4, grey),
      chunk("IDAT", deflateSync(new Uint8Array(1e8))),
      chunk("IEND", new Uint8Array(0)),
    );
    const before = process.memoryUsage().arrayBuffers;
    expect(decodePng(bomb).rgba).toHaveLength(64);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5e6);
  });

  test("any damage to a byte gives an image or UnreadableImage, never another error", () => {
    const random = randomOf(3);
    const source = makePng({
      width: 6,
      height: 5,
      colour: 3,
      depth: 4,
      samples: new Array(30).fill(1),
      palette: [1, 2, 3, 4, 5, 6],
    });
    for (let i = 0; i < 2000; i++) {
      const bytes = source.slice();
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      try {
        decodePng(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: "UnreadableImage" });
      }
    }
  });
});
