/** A corpus that is a list of URLs: pinned beside its manifest, and looked at again, on a server that is ours. */

import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { assay, expectGood, expectRefusal, temporaryFolders } from "./command.js";

const folder = temporaryFolders();

/** What is served: text, a status, a redirect, or nothing for ever. */
type Answer = string | number | { readonly to: string } | "stall";
let server: Server;
let origin = "";
let requests = 0;
let answers: Record<string, Answer> = {};

beforeEach(async () => {
  answers = { "/a": "abc", "/b": { to: "/c" }, "/c": "moved text", "/d": 404, "/e": "e", "/empty": "" };
  server = createServer(({ url = "" }, response) => {
    requests++;
    const answer = answers[url] ?? 404;
    if (answer === "stall") response.writeHead(200, { "content-length": 10 }).write("x");
    else if (typeof answer === "number") response.writeHead(answer).end();
    else if (typeof answer === "object") response.writeHead(302, { location: answer.to }).end();
    else response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

function list(cwd: string): void {
  const rows = ["/a", "/b", "/d", "/e"].map((path) => `${origin}${path},${path === "/a" ? SHA256_OF_ABC : ""}\n`);
  writeFileSync(join(cwd, "images.csv"), `url,sha256\n${rows.join("")}ftp://example.org/x,\n`);
}

describe("assay manifest --urls", () => {
  test("pins every URL of a list, the same bytes each time, and says what could not be read", async () => {
    const cwd = folder();
    list(cwd);
    const made = expectGood(await assay(cwd, ["manifest", "--urls", "images.csv", "--json"]));
    expect(made.json()).toMatchObject({
      records: 5,
      urls: { urls: 5, pinned: 3, faults: { "bad-url": 1, "not-found": 1 }, lied: 0 },
    });
    const pins = readFileSync(join(cwd, "images.assay/urls.jsonl"), "utf8");
    expect(pins.split("\n")).toHaveLength(6);
    expect(pins).toContain(`{"sha256":"${SHA256_OF_ABC}","size":3,"url":"${origin}/a"}\n`);
    expect(pins).toContain(`"location":"${origin}/c"`);
    expectGood(await assay(cwd, ["manifest", "--urls", "images.csv"]));
    expect(readFileSync(join(cwd, "images.assay/urls.jsonl"), "utf8")).toBe(pins);
    answers["/e"] = "another";
    expectRefusal(await assay(cwd, ["manifest", "--urls", "images.csv", "--json"]), 5, "exists", "earlier look");
    expectGood(await assay(cwd, ["manifest", "--urls", "images.csv", "--overwrite"]));
  });

  test("takes a text file of URLs, and a column that is named", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, "urls.txt"), `${origin}/a\n${origin}/empty\n`);
    const text = expectGood(await assay(cwd, ["manifest", "--urls", "urls.txt", "--json"]));
    expect(text.json()).toMatchObject({ urls: { urls: 2, pinned: 2 } });
    writeFileSync(join(cwd, "l.jsonl"), `{"picture":"${origin}/a","sha256":"${"0".repeat(64)}"}\n`);
    const named = await assay(cwd, ["manifest", "--urls", "l.jsonl", "--url-column", "picture", "--json"]);
    expect(expectGood(named).json()).toMatchObject({ urls: { urls: 1, pinned: 1, lied: 1 } });
    expectRefusal(await assay(cwd, ["manifest", "--urls", "l.jsonl", "--json"]), 4, "schema-mismatch", '"url"');
    expectRefusal(await assay(cwd, ["manifest", "urls.txt", "--urls", "l.jsonl", "--json"]), 64, "usage", "--urls");
    expectRefusal(await assay(cwd, ["manifest", "urls.txt", "--url-column", "x", "--json"]), 64, "usage", "--urls");
  });
});

describe("assay verify --urls", () => {
  const verified = async (cwd: string, ...more: string[]) =>
    assay(cwd, ["verify", "images.assay", "--urls", "--json", ...more]);

  test("says which URLs moved, changed, vanished and came back", async () => {
    const cwd = folder();
    list(cwd);
    expectGood(await assay(cwd, ["manifest", "--urls", "images.csv"]));
    const before = await verified(cwd);
    expect(expectGood(before).json()).toMatchObject({
      ok: true,
      urls: { same: 3, changed: 0, gone: 0, back: 0, stillGone: 2, moved: 0, differences: [] },
    });
    Object.assign(answers, { "/b": { to: "/c2" }, "/c2": "moved text", "/d": "here again" });
    const moved = expectGood(await verified(cwd)).json();
    expect(moved).toMatchObject({ ok: true, urls: { same: 3, back: 1, stillGone: 1, moved: 1 } });
    expect((moved.urls as { differences: { verdict: string }[] }).differences.map(({ verdict }) => verdict)).toEqual([
      "moved",
      "back",
    ]);
    answers["/a"] = "abd";
    expectRefusal(await verified(cwd), 2, "bytes-mismatch", `${origin}/a`, SHA256_OF_ABC);
    answers["/a"] = 404;
    expectRefusal(await verified(cwd), 5, "not-found", `${origin}/a`);
    const without = await assay(cwd, ["verify", "images.assay", "--json"]);
    expect(expectGood(without).json().urls).toBeUndefined();
  });

  test("a server that stalls is gone, after the patience that was asked for", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, "images.txt"), `${origin}/a\n`);
    expectGood(await assay(cwd, ["manifest", "--urls", "images.txt"]));
    answers["/a"] = "stall";
    expectRefusal(await verified(cwd, "--timeout", "1"), 5, "cannot-read", `${origin}/a`);
  });

  test("pins of a run are named by its statement: altered ones are told, and not fetched", async () => {
    const cwd = folder();
    list(cwd);
    const run = await assay(cwd, ["run", "--urls", "images.csv", "--fail-on", "none", "--json"]);
    expect(expectGood(run).json()).toMatchObject({ urls: { urls: 5, pinned: 3 } });
    expectGood(await verified(cwd));
    const path = join(cwd, "images.assay/urls.jsonl");
    const pins = readFileSync(path, "utf8");
    writeFileSync(path, pins.replace('"size":3', '"size":4'));
    expectRefusal(await assay(cwd, ["verify", "images.assay", "--json"]), 2, "artefact-mismatch", "urls.jsonl");
    const asked = requests;
    expectRefusal(await verified(cwd), 2, "artefact-mismatch", "urls.jsonl");
    expect(requests).toBe(asked);
  });

  test("malformed pins are told before anybody is asked", async () => {
    const cwd = folder();
    list(cwd);
    expectGood(await assay(cwd, ["manifest", "--urls", "images.csv"]));
    const path = join(cwd, "images.assay/urls.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replace('"fault":"not-found"', '"fault": "not-found"'));
    const asked = requests;
    expectRefusal(await verified(cwd), 4, "malformed-pins", "line 3");
    expect(requests).toBe(asked);
  });

  test("needs pins", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, "images.txt"), "x\n");
    expectGood(await assay(cwd, ["manifest", "images.txt"]));
    expectRefusal(await verified(cwd), 64, "usage", "urls.jsonl");
  });
});
