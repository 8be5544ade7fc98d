import { describe, expect, test } from "vitest";
import { decodeImage, gridOf, imageFeatures } from "../../src/image/image-features.js";
import { COARSE, cellOfFeature, FEATURES, FINE, nameOfCell, regionOfCell } from "../../src/image/image-grid.js";
import type { Pixels } from "../../src/image/pixels.js";
import { randomOf } from "../tables.js";
import { greyPng } from "./make-png.js";

function randomPixels(width: number, height: number, seed: number): Pixels {
  const random = randomOf(seed);
  return { width, height, most: 255, rgba: Uint8Array.from({ length: 4 * width * height }, () => 256 * random()) };
}

/** The definition, literally: every pixel cut into FINE × FINE equal pieces, the mean over the pieces in a cell. */
function meanOfCell({ width, height, rgba }: Pixels, k: number, row: number, column: number, of: number): number {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < FINE * height; y++) {
    if (Math.floor((y * of) / (FINE * height)) !== row) continue;
    for (let x = 0; x < FINE * width; x++) {
      if (Math.floor((x * of) / (FINE * width)) !== column) continue;
      sum += rgba[4 * (Math.floor(y / FINE) * width + Math.floor(x / FINE)) + k] as number;
      count++;
    }
  }
  return sum / count;
}

describe("gridOf()", () => {
  test.each([
    [1, 1],
    [8, 8],
    [16, 16],
    [7, 19],
    [33, 20],
  ])("is the mean over each cell, as defined, for %i × %i pixels", (width, height) => {
    const pixels = randomPixels(width, height, width);
    const features = gridOf(pixels);
    for (let feature = 0; feature < FEATURES; feature += 7) {
      const { measure, row, column, of } = cellOfFeature("i", feature);
      const [red, green, blue, alpha] = [0, 1, 2, 3].map((k) => 257 * meanOfCell(pixels, k, row, column, of)) as [
        number,
        number,
        number,
        number,
      ];
      const wanted = {
        brightness: 0.299 * red + 0.587 * green + 0.114 * blue,
        red: 32768 + (red - green) / 2,
        blue: 32768 + (blue - green) / 2,
        alpha,
      }[measure];
      expect(Math.abs((features[feature] as number) - wanted)).toBeLessThanOrEqual(0.51);
    }
  });

  test("has no colour where red, green and blue are equal", () => {
    const features = imageFeatures(
      greyPng(
        5,
        3,
        Array.from({ length: 15 }, (_, i) => 17 * i),
      ),
    );
    expect(new Set(features.subarray(FINE ** 2, FINE ** 2 + 2 * COARSE ** 2))).toEqual(new Set([32768]));
    expect(new Set(features.subarray(FINE ** 2 + 2 * COARSE ** 2))).toEqual(new Set([65535]));
  });

  test("gives an image of 16 bits what its 8 bits give", () => {
    const pixels = randomPixels(9, 9, 2);
    const wide: Pixels = { ...pixels, most: 65535, rgba: Uint16Array.from(pixels.rgba, (value) => 257 * value) };
    expect(gridOf(wide)).toEqual(gridOf(pixels));
  });
});

describe("decodeImage()", () => {
  test.each([
    ["", /no bytes/],
    ["GIF89a…", /GIF, not PNG or JPEG/],
    ["RIFF\0\0\0\0WEBPVP8 ", /WebP, not PNG or JPEG/],
    ["\0\0\0\u0018ftypavif", /AVIF/],
    ["hello", /no image that is known/],
  ])("says what %j is", (text, message) => {
    expect(() => decodeImage(Buffer.from(text, "latin1"))).toThrow(message);
  });
});

describe("nameOfCell() and regionOfCell()", () => {
  test("name every feature differently, and places as people count", () => {
    const cells = Array.from({ length: FEATURES }, (_, i) => cellOfFeature("photo", i));
    expect(new Set(cells.map(nameOfCell)).size).toBe(FEATURES);
    expect(nameOfCell(cells[3 * FINE + 5] as (typeof cells)[0])).toBe("photo[3,5]");
    expect(regionOfCell(cells[3 * FINE + 5] as (typeof cells)[0])).toBe("row 4 of 16, column 6 of 16 (brightness)");
    expect(nameOfCell(cells[FINE ** 2 + COARSE ** 2 + 6] as (typeof cells)[0])).toBe("photo.blue[1,2]");
  });
});
