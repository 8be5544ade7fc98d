import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkPath, checkWritablePath, compareText } from "../src/path.js";
import { codeOf } from "./vectors.js";

describe("checkPath()", () => {
  it("accepts 4,096 bytes of UTF-8 and no more", async () => {
    checkPath("é".repeat(2048));
    expect(await codeOf(() => checkPath(`${"é".repeat(2048)}a`))).toBe("bad-path");
    expect(await codeOf(() => checkPath("😀".repeat(1025)))).toBe("bad-path");
  });

  it("refuses control characters and DEL anywhere, and drive letters in front", async () => {
    for (const path of ["a\u0001b", "a\u007f", "a/\u001f", "Z:x", "z:"])
      expect(await codeOf(() => checkPath(path))).toBe("bad-path");
    for (const path of ["aa:b", "1:b", "a b", ".a", "...", "a/..b", "con", "a."]) checkPath(path);
  });
});

describe("compareText()", () => {
  it("is the order of UTF-8 bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { numRuns: 60 },
    );
    expect(compareText("\uffee", "😀")).toBeLessThan(0);
  });
});

describe("checkWritablePath()", () => {
  it("refuses what Windows would change, everywhere in the path", async () => {
    for (const path of ["con", "a/NUL.txt", "a./b", "a /b", "x/COM1", "lpt¹.csv", "a:b", "a?b"])
      expect(await codeOf(() => checkWritablePath(path)), path).toBe("unwritable-path");
    for (const path of ["console", "a.b/c", "conx.txt", ".hidden"]) checkWritablePath(path);
  });
});
