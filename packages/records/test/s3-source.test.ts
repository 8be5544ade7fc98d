import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openSource } from "../src/open-source.js";
import { parseListing } from "../src/s3-listing.js";
import { encodeKey, parseS3Location, s3Access } from "../src/s3-request.js";
import { scanSource } from "../src/scan-source.js";
import { codeOf, rootsOf, scanned, utf8 } from "./scan-and-hash.js";

const CSV = "name,score\nada,1\nalan,2\n";

/** Storage of one bucket that lists two objects a page. What signatures are worth is tested against a real server (test/interop). */
let server: Server;
let objects: Map<string, string>;
let requests: IncomingMessage[];
let list: (token: string | null, prefix: string) => string;

beforeEach(async () => {
  objects = new Map([["data/a.csv", CSV]]);
  requests = [];
  list = (token, prefix) => {
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    const begin = Number(token ?? 0);
    const page = keys.slice(begin, begin + 2).map((key) => {
      const escaped = key.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
      return `<Contents><Key>${escaped}</Key><Size>${utf8(objects.get(key) as string).length}</Size><ETag>&quot;${tagOf(key)}&quot;</ETag></Contents>`;
    });
    const more = begin + 2 < keys.length;
    return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${page.join("")}${more ? `<NextContinuationToken>${begin + 2}</NextContinuationToken>` : ""}</ListBucketResult>`;
  };
  server = createServer((request, response) => {
    requests.push(request);
    const url = new URL(request.url as string, "http://x");
    const key = decodeURIComponent(url.pathname.slice("/bucket/".length));
    if (!url.pathname.startsWith("/bucket")) return void response.writeHead(404).end(error("NoSuchBucket"));
    if (request.headers.authorization === undefined) return void response.writeHead(403).end(error("AccessDenied"));
    if (url.searchParams.has("list-type"))
      return void response.end(list(url.searchParams.get("continuation-token"), url.searchParams.get("prefix") ?? ""));
    const content = objects.get(key);
    if (content === undefined) return void response.writeHead(404).end(error("NoSuchKey"));
    if ((request.headers["if-match"] ?? `"${tagOf(key)}"`) !== `"${tagOf(key)}"`)
      return void response.writeHead(412).end();
    const bytes = utf8(content);
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const [begin, end] = [Number(first), Math.min(bytes.length, Number(last) + 1)];
    response.writeHead(206, { etag: `"${tagOf(key)}"`, "content-range": `bytes ${begin}-${end - 1}/${bytes.length}` });
    response.end(bytes.subarray(begin, end));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKID");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "very secret");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const error = (code: string): string => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No</Message></Error>`;
const tagOf = (key: string): string => `t${(objects.get(key) as string).length}`;

describe("openS3()", () => {
  test("reads an object, signed, and its list gives what a folder holds", async () => {
    const source = await openSource(["s3://bucket/data/a.csv"]);
    expect(source).toMatchObject({ name: "a", files: [{ path: "a.csv", format: "csv", size: CSV.length }] });
    expect(await rootsOf(await scanSource(source))).toEqual(await rootsOf(await scanned(CSV)));
    for (const { headers } of requests)
      expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/us-east-1\/s3\/aws4_request, /);
    expect(JSON.stringify(source)).not.toContain("very secret");
  });

  test("lists a folder page by page, names of all kinds, without what is no data", async () => {
    for (const key of [
      "data/b & <c>.csv",
      "data/q/ü+%2F.csv",
      "data/q/",
      "data/x.assay/files.jsonl",
      "data/z.bin",
      "other/a.csv",
    ])
      objects.set(key, CSV);
    const source = await openSource(["s3://bucket/data/"], { ignore: ["*.bin"] });
    expect(source.name).toBe("data");
    expect(source.files.map(({ path }) => path)).toEqual(["a.csv", "b & <c>.csv", "q/ü+%2F.csv"]);
    // Three pages, and nothing of the objects themselves.
    expect(requests.map(({ url }) => url?.includes("list-type"))).toEqual([true, true, true]);
    expect(new Set(await rootsOf(await scanSource(source))).size).toBe(1);
    const several = await openSource(["s3://bucket/data/a.csv", "s3://bucket/other/"]);
    expect(several.files.map(({ path }) => path)).toEqual(["data/a.csv", "other/a.csv"]);
  });

  test("an object that is replaced half-way is source-changed", async () => {
    const source = await openSource(["s3://bucket/data/a.csv"]);
    const scan = await scanSource(source);
    objects.set("data/a.csv", `${CSV}grace,3\n`);
    expect(await codeOf(rootsOf(scan))).toBe("source-changed");
  });

  test.each([
    ["no such object", "s3://bucket/b.csv", {}, "not-found", "NoSuchKey"],
    ["no such bucket", "s3://basket/a.csv", {}, "not-found", "NoSuchBucket"],
    ["nothing under it", "s3://bucket/none/", {}, "not-found", "no object under it"],
    ["no keys", "s3://bucket/data/a.csv", { AWS_ACCESS_KEY_ID: "" }, "permission-denied", "set AWS_ACCESS_KEY_ID"],
    ["no keys for a list", "s3://bucket/data/", { AWS_ACCESS_KEY_ID: "" }, "permission-denied", "AccessDenied"],
    ["a bad endpoint", "s3://bucket/data/", { AWS_ENDPOINT_URL: "ftp://x" }, "cannot-read", "AWS_ENDPOINT_URL"],
    ["a key with dots", "s3://bucket/data/../a.csv", {}, "bad-path", "segment"],
  ])("refuses %s", async (_, location, environment, code, says) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    await expect(openSource([location], { attempts: 1 })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(says),
    });
  });

  test.each([
    ["what is no list", () => "<html></html>", "no list of objects"],
    [
      "an object without a key",
      () => "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
      "without a key",
    ],
    [
      "a size that is none",
      () => "<ListBucketResult><Contents><Key>data/a</Key><Size>-1</Size></Contents></ListBucketResult>",
      "a size",
    ],
    [
      "keys that were not asked for",
      () => "<ListBucketResult><Contents><Key>etc/a</Key><Size>1</Size></Contents></ListBucketResult>",
      "not asked for",
    ],
    [
      "pages that go in a circle",
      () =>
        "<ListBucketResult><Contents><Key>data/a</Key><Size>1</Size></Contents><IsTruncated>true</IsTruncated><NextContinuationToken>1</NextContinuationToken></ListBucketResult>",
      "not asked for",
    ],
    ["a page that does not end", () => `<ListBucketResult>${" ".repeat(9_000_000)}`, "longer than"],
    [
      "pages without a token",
      () => "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
      "how to go on",
    ],
  ])("refuses a list with %s", async (_, answer, says) => {
    list = answer;
    await expect(openSource(["s3://bucket/data/"])).rejects.toMatchObject({
      code: "cannot-read",
      message: expect.stringContaining(says),
    });
  });

  test("mixed places are a mistake of the caller", async () => {
    await expect(openSource(["s3://bucket/a.csv", "a.csv"])).rejects.toThrow(RangeError);
    expect(() => parseS3Location("s3://b")).toThrow(RangeError);
  });
});

test("parseListing() undoes entities once", () => {
  const text =
    "<ListBucketResult><Contents><Key>&amp;lt;&#252;&#xfc;&none;</Key><Size>1</Size></Contents></ListBucketResult>";
  expect(parseListing(text, "x").objects).toEqual([{ key: "&lt;üü&none;", size: 1, tag: "" }]);
});

test("s3Access() reaches buckets where the environment says", () => {
  expect(s3Access("b", {})).toEqual({ base: "https://b.s3.us-east-1.amazonaws.com", region: "us-east-1" });
  expect(s3Access("b.c", { AWS_DEFAULT_REGION: "eu-west-1" }).base).toBe("https://s3.eu-west-1.amazonaws.com/b.c");
  expect(s3Access("b", { AWS_ENDPOINT_URL: "https://s", AWS_ENDPOINT_URL_S3: "http://t:9000/" }).base).toBe(
    "http://t:9000/b",
  );
  expect(
    s3Access("b", { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t", AWS_REGION: "r" }),
  ).toMatchObject({ region: "r", keys: { accessKeyId: "a", secretAccessKey: "s", sessionToken: "t" } });
  expect(encodeKey("a b/ü?#%.csv")).toBe("a%20b/%C3%BC%3F%23%25.csv");
});
