/** A server of one object on loopback, as well or as badly behaved as a test says. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ServedObject {
  content: Uint8Array;
  /** Strong entity tag without its quotes; `null`: none. */
  tag: string | null;
  modified?: string;
}

/** Answers instead of the well-behaved server when it returns true. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse, count: number) => boolean;

export interface RangeServer {
  readonly origin: string;
  readonly object: ServedObject;
  /** `Range` of each request, in order; "" for none. */
  readonly asked: string[];
  /** Bytes of bodies that were handed to the system. */
  sent: number;
  misbehave: Misbehaviour | null;
  close(): Promise<void>;
}

export async function serve(content: Uint8Array | string, tag: string | null = "one"): Promise<RangeServer> {
  const object: ServedObject = {
    content: typeof content === "string" ? new TextEncoder().encode(content) : content,
    tag,
  };
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(request.headers.range ?? "");
    if (served.misbehave?.(request, response, asked.length) === true) return;
    answer(request, response);
  });
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const headers = headersOf(object);
    const { "if-match": ifMatch, range } = request.headers;
    if (ifMatch !== undefined && ifMatch !== `"${object.tag}"`) {
      response.writeHead(412).end();
      return;
    }
    const size = object.content.length;
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
    if (first === undefined) {
      served.sent += size;
      response.writeHead(200, { ...headers, "content-length": size }).end(object.content);
      return;
    }
    const begin = Number(first);
    const end = Math.min(size, Number(last) + 1);
    if (begin >= size) {
      response.writeHead(416, { ...headers, "content-range": `bytes */${size}` }).end();
      return;
    }
    served.sent += end - begin;
    response.writeHead(206, {
      ...headers,
      "content-range": `bytes ${begin}-${end - 1}/${size}`,
      "content-length": end - begin,
    });
    response.end(object.content.subarray(begin, end));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const served: RangeServer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    object,
    asked,
    sent: 0,
    misbehave: null,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return served;
}

export function headersOf({ tag, modified }: ServedObject): Record<string, string> {
  return {
    ...(tag === null ? {} : { etag: `"${tag}"` }),
    ...(modified === undefined ? {} : { "last-modified": modified }),
  };
}
