import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutText, fieldsOf, plainJson } from "../src/plain-json.js";
import { stableJson } from "../src/stable-json.js";

describe("plainJson()", () => {
  it("gives what JSON can hold, for any value", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true, withNullPrototype: true }),
        (value) => {
          const plain = plainJson(value);
          expect(JSON.parse(stableJson(plain))).toEqual(JSON.parse(JSON.stringify(plain)));
        },
      ),
    );
  });

  it("keeps plain JSON as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(JSON.stringify(sorted(plainJson(value)))).toBe(JSON.stringify(sorted(value)));
      }),
    );
  });

  it("bounds depth, width and length", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 1_000; level++) deep = [deep];
    expect(JSON.stringify(plainJson(deep)).length).toBeLessThan(100);
    expect((plainJson(Array(10_000).fill(0)) as unknown[]).length).toBe(201);
    expect((plainJson("x".repeat(10_000)) as string).length).toBeLessThan(2_100);
  });

  it("keeps __proto__ as a name", () => {
    const plain = plainJson(JSON.parse('{"__proto__":{"polluted":1}}'));
    expect(stableJson(plain)).toBe('{"__proto__":{"polluted":1}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(fieldsOf(JSON.parse('{"__proto__":1}'))).toEqual([{ name: "__proto__", value: 1 }]);
  });
});

it("cutText() cuts within no code point, and says the length", () => {
  expect(cutText("abc", 3)).toBe("abc");
  expect(cutText("ab😀d", 3)).toBe("ab… (5 characters)");
  expect(cutText("lone \uD800")).toBe("lone \uFFFD");
});

/** With members in one order, so that texts can be compared. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? 0 : value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => [name, sorted(item)]);
}
