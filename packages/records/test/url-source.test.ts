import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FloatColumn } from "../src/batch.js";
import { readRecords } from "../src/hash-source.js";
import { openSource } from "../src/open-source.js";
import { scanSource } from "../src/scan-source.js";
import { openSpool, type Spool } from "../src/spool.js";
import { openUrls, pathsOfUrls } from "../src/url-source.js";
import { type RangeServer, serve } from "./range-server.js";
import { codeOf, rootsOf, scanned, utf8 } from "./scan-and-hash.js";

const CSV = "name,score\nada,1\nalan,2\n";
let folder: string;
let spool: Spool;
const servers: RangeServer[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "assay-urls-"));
  spool = openSpool({ directory: folder });
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await spool.close();
  await rm(folder, { recursive: true, force: true });
});

async function served(content: Uint8Array | string): Promise<RangeServer> {
  const server = await serve(content);
  servers.push(server);
  return server;
}

/** A server that knows nothing of ranges. */
async function servedWhole(content: Uint8Array | string): Promise<RangeServer> {
  const server = await served(content);
  server.misbehave = (request) => {
    delete request.headers.range;
    return false;
  };
  return server;
}

const PATIENCE = { attempts: 2, stallMs: 10_000 };

describe("openUrls()", () => {
  test("gives the records of the file, and its path without query and host", async () => {
    const { origin } = await served(CSV);
    const source = await openSource([`${origin}/data/tr%C3%A4in.csv?signature=secret#there`]);
    expect(source.name).toBe("träin");
    expect(source.files.map(({ path, format, size }) => [path, format, size])).toEqual([
      ["träin.csv", "csv", CSV.length],
    ]);
    expect(await rootsOf(await scanSource(source))).toEqual(await rootsOf(await scanned(CSV)));
    expect(JSON.stringify([source.name, source.warnings])).not.toContain("secret");
  });

  test("reads of a Parquet file only the footer and the row group that is wanted", async () => {
    const data = Float64Array.from({ length: 40_000 }, (_, i) => Math.sin(i));
    const columnData = [{ name: "x", data, type: "DOUBLE" as const }];
    const content = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 10_000 }));
    const server = await served(content);
    const source = await scanSource(await openUrls([`${server.origin}/x.parquet`]));
    expect(await rootsOf(source)).toEqual(await rootsOf(await scanned([{ path: "x.parquet", bytes: content }])));
    server.asked.length = 0;
    server.sent = 0;
    const found = [];
    for await (const { batch, index } of readRecords(source, [{ file: 0, ordinal: 25_000 }]))
      found.push((batch.columns[0] as FloatColumn).values[index]);
    expect(found).toEqual([Math.sin(25_000)]);
    // 80 kB of the 320 kB, and the footer.
    expect(server.sent).toBeLessThan(90_000);
    expect(server.sent).toBeGreaterThan(70_000);
    expect(server.asked.length).toBeLessThanOrEqual(3);
  });

  test("tells the format by the content where the URL does not", async () => {
    const { origin } = await served('{"a":1}\n');
    expect((await openUrls([`${origin}/download`])).files[0]).toMatchObject({ path: "download", format: "jsonl" });
    expect(await codeOf(openUrls([`${(await served("a,b\n")).origin}/download`]))).toBe("unknown-format");
  });

  test("sends the password of a URL to its own server only, and shows it nowhere", async () => {
    const [here, there] = [await served(CSV), await served(CSV)];
    const seen: (string | undefined)[] = [];
    here.misbehave = (request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: `${there.origin}/elsewhere/b.csv?signed=secret` }).end();
      return true;
    };
    there.misbehave = (request) => {
      seen.push(request.headers.authorization);
      return false;
    };
    const source = await openUrls([`${here.origin.replace("//", "//ada:pass%20word@")}/a.csv`]);
    expect(seen).toEqual([`Basic ${btoa("ada:pass word")}`, undefined]);
    expect(source.files[0]?.path).toBe("a.csv");
    expect(source.warnings).toEqual([
      `${here.origin}/a.csv is at ${there.origin}/elsewhere/b.csv, to which the server redirects`,
    ]);
    await scanSource(source);
  });

  test.each([
    ["a circle", "/a.csv", "more than 10 redirects"],
    ["another protocol", "file:///etc/passwd", "not followed"],
    ["no URL", "http://[", "no URL"],
  ])("refuses a redirect to %s", async (_, location, says) => {
    const server = await served(CSV);
    server.misbehave = (__, response) => {
      response.writeHead(302, { location }).end();
      return true;
    };
    await expect(openUrls([`${server.origin}/a.csv`], PATIENCE)).rejects.toMatchObject({
      code: "cannot-read",
      message: expect.stringContaining(says),
    });
  });

  test("copies the file of a server that gives no ranges, says so, and takes the copy away", async () => {
    const { origin } = await servedWhole(CSV);
    const source = await openSource([`${origin}/a.csv`], { spool });
    expect(source.warnings).toEqual([
      `${origin}/a.csv was copied to a temporary file (${CSV.length} bytes): the server gives no ranges of it`,
    ]);
    expect(await rootsOf(await scanSource(source))).toEqual(await rootsOf(await scanned(CSV)));
    const location = source.files[0]?.location as string;
    expect(existsSync(location)).toBe(true);
    await spool.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("begins a copy anew when the connection breaks, and gives up in the end", async () => {
    const server = await servedWhole(CSV);
    let broken = 1;
    server.misbehave = (request, response) => {
      if (request.headers.range !== undefined || broken-- <= 0) {
        delete request.headers.range;
        return false;
      }
      response.writeHead(200, { "content-length": CSV.length });
      response.write(CSV.slice(0, 5), () => response.destroy());
      return true;
    };
    const source = await openSource([`${server.origin}/a.csv`], { spool, ...PATIENCE });
    expect(readFileSync(source.files[0]?.location as string, "utf8")).toBe(CSV);
    broken = 100;
    expect(await codeOf(openSource([`${server.origin}/a.csv`], { spool, ...PATIENCE }))).toBe("cannot-read");
  });

  test("refuses what does not end, and what there is no place for", async () => {
    const server = await servedWhole(CSV);
    const small = openSpool({ directory: folder, maxSpoolBytes: 10 });
    await expect(openSource([`${server.origin}/a.csv`], { spool: small })).rejects.toMatchObject({
      code: "limit-exceeded",
      details: { limit: "maxSpoolBytes", value: 10 },
    });
    await small.close();
    await expect(openUrls([`${server.origin}/a.csv`])).rejects.toThrow("Download the file first");
  });

  test.each([
    [["http://h/a/"], "bad-path"],
    [["http://h/a%2Fb.csv"], "bad-path"],
    [["http://h/a%00.csv"], "bad-path"],
    [["http://h/%zz.csv"], "bad-path"],
    [["http://h/a%5Cb.csv"], "bad-path"],
    [["http://h/a.csv?1", "http://h/a.csv?2"], "duplicate-path"],
  ])("refuses %s", async (urls, code) => {
    expect(await codeOf(openUrls(urls))).toBe(code);
  });

  test("mixed places are a mistake of the caller", async () => {
    await expect(openSource(["http://h/a.csv", "b.csv"])).rejects.toThrow(RangeError);
    await expect(openSource(["-", "b.csv"], { spool })).rejects.toThrow(RangeError);
  });
});

test.each([
  [["https://h/x/train.csv"], "train", ["train.csv"]],
  [["https://h/x/a.csv", "https://h/x/b.csv"], "x", ["a.csv", "b.csv"]],
  [["https://h/x/p/a.csv", "https://h/x/q/a.csv"], "x", ["p/a.csv", "q/a.csv"]],
  [["https://h/a.csv", "https://h:81/a.csv"], "data", ["h/a.csv", "h:81/a.csv"]],
  [["https://h/%2e%2e/a.csv"], "a", ["a.csv"]],
])("pathsOfUrls(%s)", (urls, name, paths) => {
  expect(pathsOfUrls(urls.map((url) => new URL(url)))).toEqual({ name, paths });
});

describe("standard input", () => {
  async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
    for (const text of texts) yield utf8(text);
  }

  test("is copied, read like a file, and taken away", async () => {
    const source = await openSource(["-"], {
      spool,
      format: "csv",
      standardInput: pieces(CSV.slice(0, 7), CSV.slice(7)),
    });
    expect(source.name).toBe("stdin");
    expect(source.files[0]).toMatchObject({ path: "stdin.csv", format: "csv", size: CSV.length });
    expect(source.warnings[0]).toContain("temporary file");
    expect(await rootsOf(await scanSource(source))).toEqual(await rootsOf(await scanned(CSV)));
    await spool.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("tells its format when it can, and else must be told", async () => {
    const jsonl = await openSource(["-"], { spool, standardInput: pieces('{"a":1}\n') });
    expect(jsonl.files[0]).toMatchObject({ path: "stdin.jsonl", format: "jsonl" });
    expect(await codeOf(openSource(["-"], { spool, standardInput: pieces("a,b\n") }))).toBe("unknown-format");
    expect(await codeOf(openSource(["-"]))).toBe("cannot-read");
  });

  test("is left when the signal says so, though nothing comes", async () => {
    const controller = new AbortController();
    const never: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
    const opening = openSource(["-"], { spool, standardInput: never, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 20);
    await expect(opening).rejects.toThrow("enough");
  });
});
