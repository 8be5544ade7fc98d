import { createHash } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { readUrlList } from "../src/url-list.js";
import { formatUrlPin, parseUrlPins } from "../src/url-pin-file.js";
import { checkPins, pinUrls, type UrlPin } from "../src/url-pins.js";
import { type RangeServer, serve } from "./range-server.js";
import { codeOf, scanned } from "./scan-and-hash.js";

const servers: RangeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A server whose path says what it does; anything else has its own path as content. */
async function corpus(): Promise<{ origin: string; contents: Map<string, string> }> {
  const server = await serve("");
  servers.push(server);
  const contents = new Map<string, string>();
  server.misbehave = (request, response) => {
    const path = request.url as string;
    if (path === "/moved") response.writeHead(302, { location: "/there?signature=secret" }).end();
    else if (path === "/busy") response.writeHead(503).end();
    else if (path === "/closed") response.writeHead(403).end();
    else if (path === "/endless") {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      };
      response.on("drain", more);
      more();
    } else if (contents.get(path) === "gone") response.writeHead(404).end();
    else response.writeHead(200).end(contents.get(path) ?? path);
    return true;
  };
  return { origin: server.origin, contents };
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

const QUICK = { attempts: 2, concurrency: 3, maxObjectBytes: 100_000 };

describe("pinUrls()", () => {
  test("pins what is there, in the order of the list, and says what was promised and not so", async () => {
    const { origin, contents } = await corpus();
    contents.set("/dead", "gone");
    const rows = [
      ["/a", "2", digest("/a")],
      ["/dead", "", ""],
      ["/moved", "", ""],
      ["/b", "7", digest("/b").toUpperCase()],
      ["/c", "2", digest("something else")],
      ["/closed", "", ""],
      ["/endless", "", ""],
      ["/busy", "", ""],
    ];
    const text = rows.map(([path, ...rest]) => [`${origin}${path}`, ...rest].join(",")).join("\n");
    const list = await scanned(`url,size,sha256\n${text}\nftp://x/y,,\n,,\n`);
    const pins = await all(pinUrls(readUrlList(list), QUICK));
    const pin = (path: string): object => ({ url: `${origin}${path}`, size: path.length, sha256: digest(path) });
    expect(pins).toEqual([
      pin("/a"),
      { url: `${origin}/dead`, fault: "not-found" },
      { url: `${origin}/moved`, size: 23, sha256: digest("/there?signature=secret"), location: `${origin}/there` },
      { ...pin("/b"), lied: { size: 7 } },
      { ...pin("/c"), lied: { sha256: digest("something else") } },
      { url: `${origin}/closed`, fault: "permission-denied" },
      { url: `${origin}/endless`, fault: "limit-exceeded" },
      { url: `${origin}/busy`, fault: "cannot-read" },
      { url: "ftp://x/y", fault: "bad-url" },
    ]);
    const file = Buffer.concat(pins.map(formatUrlPin));
    expect([...parseUrlPins(file)]).toEqual(pins);
    // However many at once: the same bytes.
    expect(
      Buffer.concat((await all(pinUrls(readUrlList(list), { ...QUICK, concurrency: 1 }))).map(formatUrlPin)),
    ).toEqual(file);
  });

  test("checkPins() tells a dead link, a changed object, and one that is back", async () => {
    const { origin, contents } = await corpus();
    contents.set("/back", "gone");
    contents.set("/dead", "gone");
    const urls = ["/same", "/changed", "/gone", "/back", "/dead"].map((path) => ({ url: `${origin}${path}` }));
    const pins = await all(pinUrls(urls, QUICK));
    contents.set("/changed", "other");
    contents.set("/gone", "gone");
    contents.delete("/back");
    const verdicts = await all(checkPins(pins, QUICK));
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(["same", "changed", "gone", "back", "still-gone"]);
    expect(verdicts[1]).toMatchObject({ pin: { sha256: digest("/changed") }, now: { sha256: digest("other") } });
    expect(verdicts[2]).toMatchObject({ now: { fault: "not-found" } });
  });

  test("stops with its signal, and when the loop is left", async () => {
    const { origin } = await corpus();
    const controller = new AbortController();
    const pins = pinUrls([{ url: `${origin}/a` }, { url: `${origin}/endless` }], {
      signal: controller.signal,
      concurrency: 2,
    });
    expect(await pins.next()).toMatchObject({ value: { size: 2 } });
    controller.abort(new Error("enough"));
    await expect(pins.next()).rejects.toThrow("enough");
    await expect(all(pinUrls([], { concurrency: 0 }))).rejects.toThrow(RangeError);
  });
});

test.each([
  ["src,size\nhttp://a,1\n", "schema-mismatch"],
  ["url,size\nhttp://a,-1\n", "bad-value"],
  ["url,sha256\nhttp://a,abc\n", "bad-value"],
])("readUrlList() refuses %j", async (text, code) => {
  expect(await codeOf(all(readUrlList(await scanned(text))))).toBe(code);
});

test("readUrlList() reads JSONL, and columns of other names", async () => {
  const list = await scanned([
    {
      path: "x.jsonl",
      bytes: new TextEncoder().encode('{"image":"http://a/b","bytes":5,"caption":"c"}\n{"caption":"d"}\n'),
    },
  ]);
  expect(await all(readUrlList(list, { url: "image", size: "bytes" }))).toEqual([{ url: "http://a/b", size: 5 }]);
});

const PIN: UrlPin = { url: "http://a", size: 1, sha256: "0".repeat(64) };
test.each<[string, string | object]>([
  ["no LF", JSON.stringify(PIN)],
  ["other order", `{"url":"http://a","size":1,"sha256":"${"0".repeat(64)}"}\n`],
  ["another member", { ...PIN, fetchedAt: "2026-11-27T00:00:00Z" }],
  ["an unknown fault", { url: "http://a", fault: "tired" }],
  ["a fault and a size", { url: "http://a", fault: "not-found", size: 1 }],
  ["a short digest", { ...PIN, sha256: "00" }],
  ["a size that is none", { ...PIN, size: -1 }],
  ["a lie that is none", { ...PIN, lied: { size: 1 } }],
  ["an empty lie", { ...PIN, lied: {} }],
  ["no object", "[]\n"],
])("parseUrlPins() refuses %s", (_, line) => {
  const bytes = typeof line === "string" ? new TextEncoder().encode(line) : formatUrlPin(line as UrlPin);
  expect(() => [...parseUrlPins(bytes)]).toThrow(expect.objectContaining({ code: "malformed-pins" }));
});
