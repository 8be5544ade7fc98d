import { afterEach, describe, expect, test } from "vitest";
import type { RemoteOptions } from "../src/http-request.js";
import { openFile } from "../src/open-bytes.js";
import type { ByteSource } from "../src/reader.js";
import { conditionOf, identityOfAnswer, parseContentRange } from "../src/remote-answer.js";
import type { SourceFile } from "../src/source.js";
import { openUrls } from "../src/url-source.js";
import { headersOf, type Misbehaviour, type RangeServer, serve } from "./range-server.js";
import { codeOf } from "./scan-and-hash.js";

const opened: { close?(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close?.();
});

/** Bytes that tell where they are from. */
function numbered(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
}

async function served(content: Uint8Array | string, tag: string | null = "one"): Promise<RangeServer> {
  const server = await serve(content, tag);
  opened.push(server);
  return server;
}

const PATIENCE = { attempts: 3, stallMs: 20_000 };

async function listed(server: RangeServer): Promise<SourceFile> {
  const { files } = await openUrls([`${server.origin}/data/a.csv?token=secret`], PATIENCE);
  return files[0] as SourceFile;
}

async function remote(server: RangeServer, patience: RemoteOptions = PATIENCE): Promise<ByteSource> {
  const bytes = await openFile({ ...(await listed(server)), remote: patience });
  opened.push(bytes);
  return bytes;
}

describe("openRemote()", () => {
  test("reads what it is asked for, and follows a scan with few requests", async () => {
    const content = numbered(9_000_000);
    const server = await served(content);
    const bytes = await remote(server);
    expect(bytes.size).toBe(content.length);
    expect(Buffer.compare(await bytes.read(8_999_990, 9_000_000), content.subarray(8_999_990))).toBe(0);
    server.asked.length = 0;
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < content.length; at += 100_000) pieces.push(await bytes.read(at, at + 100_000));
    expect(Buffer.compare(Buffer.concat(pieces), content)).toBe(0);
    // 90 reads; 100 kB, then 1, 2, 4, … MiB at once.
    expect(server.asked.length).toBeLessThanOrEqual(5);
  });

  test("asks for no byte more than wanted when reads do not follow each other", async () => {
    const server = await served(numbered(1_000_000));
    const bytes = await remote(server);
    server.asked.length = 0;
    await bytes.read(500_000, 500_010);
    await bytes.read(10, 20);
    await bytes.read(999_000, 1_000_000);
    expect(server.asked).toEqual(["bytes=500000-500009", "bytes=10-19", "bytes=999000-999999"]);
  });

  test("answers reads that are under way at the same time, each with its own bytes", async () => {
    const content = numbered(400_000);
    const bytes = await remote(await served(content));
    await bytes.read(0, 1000);
    const begins = [1000, 2000, 150_000, 1000, 399_000];
    const pieces = await Promise.all(begins.map((begin) => bytes.read(begin, begin + 1000)));
    for (const [i, begin] of begins.entries())
      expect(Buffer.compare(pieces[i] as Uint8Array, content.subarray(begin, begin + 1000))).toBe(0);
  });

  test("an empty object has size 0", async () => {
    const bytes = await remote(await served(""));
    expect(bytes.size).toBe(0);
    await bytes.check?.();
  });

  test("goes on where a connection broke, again and again as long as something comes", async () => {
    const content = numbered(2_000_000);
    const server = await served(content);
    const bytes = await remote(server);
    server.misbehave = (request, response) => {
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
      const [begin, end] = [Number(first), Number(last) + 1];
      if (end - begin <= 300_000) return false;
      response.writeHead(206, {
        ...headersOf(server.object),
        "content-range": `bytes ${begin}-${end - 1}/${content.length}`,
        "content-length": end - begin,
      });
      response.write(content.subarray(begin, begin + 300_000), () => response.destroy());
      return true;
    };
    expect(Buffer.compare(await bytes.read(0, 2_000_000), content)).toBe(0);
    expect(server.asked.length).toBeGreaterThan(6);
  });

  test("waits for a busy server, and no longer than `attempts`", async () => {
    const server = await served(numbered(1000));
    const bytes = await remote(server);
    let left = 2;
    server.misbehave = (_, response) => {
      if (left-- <= 0) return false;
      response.writeHead(503).end("busy");
      return true;
    };
    expect(await bytes.read(0, 1000)).toHaveLength(1000);
    left = 1000;
    server.asked.length = 0;
    await expect(bytes.read(1, 1000)).rejects.toMatchObject({
      code: "cannot-read",
      message: expect.stringContaining("status 503 (tried 3 times)"),
    });
    expect(server.asked).toHaveLength(3);
  });

  test("stops when it is aborted, though the server stalls", async () => {
    const server = await served(numbered(1000));
    const file = { ...(await listed(server)), remote: { stallMs: 60_000 } };
    const controller = new AbortController();
    const bytes = await openFile(file, controller.signal);
    server.misbehave = () => true;
    const reading = bytes.read(0, 1000);
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(reading).rejects.toThrow("enough");
  });

  test.each<[string, string, string, (server: RangeServer) => Misbehaviour | null]>([
    ["changed, and says so", "source-changed", "another version", change(true)],
    ["changed, and ignores If-Match", "source-changed", "calls it", change(false)],
    [
      "is shorter",
      "source-changed",
      "has 100 bytes, and had 1000",
      (server) => {
        server.object.content = server.object.content.subarray(0, 100);
        return null;
      },
    ],
    [
      "is larger under the same tag",
      "source-changed",
      "and had 1000",
      (server) => {
        server.object.content = numbered(2000);
        return null;
      },
    ],
    ["is gone", "not-found", "status 404", status(404)],
    ["is forbidden", "permission-denied", "status 403", status(403)],
    ["is a teapot", "cannot-read", "status 418", status(418)],
    [
      "is given as a whole",
      "cannot-read",
      "does not any more",
      (server) => (_, response) => {
        response.writeHead(200, headersOf(server.object)).end(server.object.content);
        return true;
      },
    ],
    ["has another range", "cannot-read", "the server sent 0 to 490", partial({ "content-range": "bytes 0-489/1000" })],
    ["has no range", "cannot-read", "does not say which bytes", partial({ "content-range": "bytes ?-?/1000" })],
    [
      "has several ranges",
      "cannot-read",
      "does not say which bytes",
      partial({
        "content-range": undefined,
        "content-type": "multipart/byteranges; boundary=x",
      }),
    ],
    ["announces more", "cannot-read", "announces 100000", partial({ "content-length": "100000" }, 100_000)],
    ["is compressed on the way", "cannot-read", 'the coding "gzip"', partial({ "content-encoding": "gzip" })],
    ["stalls", "cannot-read", "next to nothing for 0.4 seconds (tried 3 times)", () => () => true],
    ["comes a byte at a time", "cannot-read", "next to nothing", drip],
    [
      "breaks off each time",
      "cannot-read",
      "(tried 3 times)",
      () => (_, response) => {
        response.destroy();
        return true;
      },
    ],
  ])("refuses an object that %s: %s", async (_, code, says, arrange) => {
    const server = await served(numbered(1000));
    const bytes = await remote(server, says.startsWith("next to nothing") ? { attempts: 3, stallMs: 400 } : PATIENCE);
    server.misbehave = arrange(server);
    const refused = await bytes.read(10, 500).then(
      () => null,
      (error: unknown) => error as Error,
    );
    expect(refused).toMatchObject({ code, message: expect.stringContaining(says) });
    expect(refused?.message).not.toContain("secret");
  });

  test("takes no more than was asked for from a server that does not end", async () => {
    const server = await served(numbered(1000));
    const bytes = await remote(server);
    let written = 0;
    const piece = numbered(65_536);
    server.misbehave = (request, response) => {
      if (request.headers.range !== "bytes=10-499") return false;
      response.writeHead(206, { ...headersOf(server.object), "content-range": "bytes 10-499/1000" });
      const more = (): void => {
        while (!response.destroyed && written < 1e9) {
          written += 65_536;
          if (!response.write(piece)) break;
        }
      };
      response.on("drain", more);
      more();
      return true;
    };
    expect(Buffer.compare(await bytes.read(10, 500), piece.subarray(0, 490))).toBe(0);
    await bytes.close?.();
    expect(written).toBeLessThan(5e7);
  });

  test("check() sees a change without reading", async () => {
    const server = await served(numbered(1000));
    const bytes = await remote(server);
    await bytes.check?.();
    server.object.tag = "two";
    expect(await codeOf(bytes.check?.() as Promise<void>)).toBe("source-changed");
  });

  test("without an entity tag, the time of modification must stay", async () => {
    const server = await served(numbered(1000), null);
    server.object.modified = "Fri, 27 Nov 2026 08:00:00 GMT";
    const bytes = await remote(server);
    await bytes.read(0, 10);
    server.object.modified = "Fri, 27 Nov 2026 09:00:00 GMT";
    expect(await codeOf(bytes.read(20, 30))).toBe("source-changed");
  });
});

function change(honest: boolean): (server: RangeServer) => Misbehaviour | null {
  return (server) => {
    server.object.tag = "two";
    if (honest) return null;
    return (request) => {
      delete request.headers["if-match"];
      return false;
    };
  };
}

function status(code: number): () => Misbehaviour {
  return () => (_, response) => {
    response.writeHead(code).end();
    return true;
  };
}

function partial(headers: Record<string, string | undefined>, size = 490): (server: RangeServer) => Misbehaviour {
  return (server) => (_, response) => {
    const all = {
      ...headersOf(server.object),
      "content-range": "bytes 10-499/1000",
      "content-length": String(size),
      ...headers,
    };
    response.writeHead(
      206,
      Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<string, string>,
    );
    response.end(numbered(size));
    return true;
  };
}

function drip(server: RangeServer): Misbehaviour {
  return (request, response) => {
    const range = request.headers.range?.replace("=", " ");
    response.writeHead(206, { ...headersOf(server.object), "content-range": `${range}/1000` });
    const timer = setInterval(() => response.write("x"), 50);
    response.on("close", () => clearInterval(timer));
    return true;
  };
}

describe("parseContentRange()", () => {
  test.each([
    ["bytes 0-9/100", { begin: 0, end: 10, total: 100 }],
    ["bytes 0-9/*", { begin: 0, end: 10, total: null }],
    ["bytes */0", { begin: 0, end: 0, total: 0 }],
  ])("reads %s", (text, expected) => expect(parseContentRange(text)).toEqual(expected));

  test.each([
    null,
    "",
    "bytes 0-9",
    "bytes 9-0/100",
    "bytes 0-100/100",
    "bytes -1-9/100",
    "bytes 0x0-9/100",
    "bytes 0-9/9999999999999999999",
    "chars 0-9/100",
    "bytes 0-9/100, bytes 20-29/100",
    "bytes 0-9 /100",
  ])("refuses %s", (text) => expect(parseContentRange(text)).toBeNull());
});

test("identityOfAnswer() takes a strong tag alone, and a weak one only beside the time", () => {
  const identity = (headers: Record<string, string>) => identityOfAnswer(new Headers(headers));
  expect(identity({ etag: '"a"', "last-modified": "then" })).toBe('etag "a"');
  expect(conditionOf('etag "a"')).toEqual({ "if-match": '"a"' });
  expect(identity({ etag: 'W/"a"', "last-modified": "then" })).toBe('modified then weak W/"a"');
  expect(conditionOf('modified then weak W/"a"')).toEqual({ "if-unmodified-since": "then" });
  expect(identity({ etag: 'W/"a"' })).toBe('weak W/"a"');
  expect(conditionOf('weak W/"a"')).toEqual({});
  expect(identity({})).toBe("");
});
