import { readFileSync } from "node:fs";
import { encode } from "jpeg-js";
import { describe, expect, test } from "vitest";
import { decodeJpeg } from "../../src/image/jpeg.js";
import { randomOf } from "../tables.js";

const fixtures = new URL("../../../../test/fixtures/images/", import.meta.url);
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, fixtures)));
const expected = JSON.parse(readFileSync(new URL("expected.json", fixtures), "utf8")) as Record<
  string,
  { width: number; height: number; rgba: string }
>;

describe("decodeJpeg()", () => {
  const files = Object.entries(expected).filter(([name]) => name.endsWith(".jpg"));
  test.each(files)("reads %s nearly as Pillow does", (name, { width, height, rgba }) => {
    const image = decodeJpeg(read(name));
    expect(image).toMatchObject({ width, height, most: 255 });
    const wanted = Buffer.from(rgba, "base64");
    const off = wanted.map((value, i) => Math.abs(value - (image.rgba[i] as number)));
    // Where colour is stored at half size, it is interpolated there and repeated here.
    const mean = off.reduce((sum, value) => sum + value, 0) / off.length;
    expect(mean).toBeLessThan(
      name === "subsampled.jpg" || name === "progressive.jpg" || name === "restart.jpg" ? 6 : 1.5,
    );
  });

  const good = read("baseline.jpg");
  const frame = good.findIndex((byte, i) => byte === 0xff && good[i + 1] === 0xc0);
  const scan = good.findIndex((byte, i) => byte === 0xff && good[i + 1] === 0xda);
  const changed = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = good.slice();
    copy.set(bytes, at);
    return copy;
  };
  const scanHeader = good.slice(scan, scan + 2 + 256 * (good[scan + 2] as number) + (good[scan + 3] as number));
  test.each([
    ["an image that is cut short", good.slice(0, good.length - 20), /cut short/],
    ["nothing but the first bytes", good.slice(0, 3), /cut short/],
    ["more pixels than it may have", changed(frame + 5, 0xff, 0xff, 0xff, 0xff), /65535 × 65535 pixels/],
    ["no pixels", changed(frame + 5, 0, 0), /no pixels/],
    ["twelve bits", changed(frame + 4, 12), /eight bits/],
    ["lossless JPEG", changed(frame + 1, 0xc3), /lossless/],
    ["sampling factors beyond four", changed(frame + 11, 0xff), /header is damaged/],
    ["two frames", Buffer.concat([good.slice(0, scan), good.slice(frame, frame + 19), good.slice(scan)]), /two frames/],
    [
      "a thousand scans",
      Buffer.concat([good.slice(0, scan), ...new Array(1000).fill(scanHeader), good.slice(scan)]),
      /more than 100 scans/,
    ],
    ["no frame", Buffer.from([0xff, 0xd8, 0xff, 0xd9]), /no image/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodeJpeg(bytes)).toThrow(
      expect.objectContaining({ name: "UnreadableImage", message: expect.stringMatching(message) }),
    );
  });

  test("any damage to a byte gives an image or UnreadableImage, never another error", () => {
    const random = randomOf(4);
    const pixels = Uint8Array.from({ length: 4 * 16 * 16 }, () => 256 * random());
    const source = new Uint8Array(encode({ width: 16, height: 16, data: pixels }, 80).data);
    for (let i = 0; i < 1000; i++) {
      const bytes = source.slice();
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      try {
        decodeJpeg(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: "UnreadableImage" });
      }
    }
  });
});
