/** S3-compatible storage by somebody else (moto, which checks signatures), on loopback. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AwsV4Signer } from "aws4fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assay, expectRefusal, temporaryFolders } from "../end-to-end/command.js";
import { cleanCsv } from "../end-to-end/data.js";

const python = process.env.ASSAY_INTEROP_PYTHON;
const folder = temporaryFolders();
let storage: ChildProcess;
let access: { readonly endpoint: string; readonly id: string; readonly secret: string };
let environment: Record<string, string>;

async function put(key: string, body: string | Uint8Array): Promise<void> {
  const request = await new AwsV4Signer({
    url: `${access.endpoint}/bucket/${key.split("/").map(encodeURIComponent).join("/")}`,
    method: "PUT",
    body: typeof body === "string" ? body : new Uint8Array(body).buffer,
    service: "s3",
    region: "us-east-1",
    accessKeyId: access.id,
    secretAccessKey: access.secret,
  }).sign();
  const response = await fetch(request.url, { method: "PUT", headers: request.headers, body: request.body ?? null });
  if (!response.ok) throw new Error(`${key}: ${response.status} ${await response.text()}`);
}

describe("assay and S3-compatible storage", () => {
  beforeAll(async () => {
    if (python === undefined) throw new Error("ASSAY_INTEROP_PYTHON names no Python: .ci/run installs it");
    storage = spawn(python, [join(import.meta.dirname, "serve-s3.py")], { stdio: ["pipe", "pipe", "ignore"] });
    const [line] = await once(storage.stdout as NodeJS.ReadableStream, "data");
    access = JSON.parse(String(line));
    environment = {
      AWS_ACCESS_KEY_ID: access.id,
      AWS_SECRET_ACCESS_KEY: access.secret,
      AWS_ENDPOINT_URL: access.endpoint,
    };
    await put("data/train.csv", cleanCsv(500));
    await put("data/shards/ä & b+c.csv", cleanCsv(40));
    for (let i = 0; i < 1010; i++) await put(`many/${String(i).padStart(4, "0")}.jsonl`, `{"i":${i}}\n`);
  });
  afterAll(() => {
    storage?.stdin?.end();
    storage?.kill();
  });

  test("gives the same data set as the file on disk", async () => {
    const cwd = folder();
    const run = await assay(cwd, ["run", "s3://bucket/data/train.csv", "--label", "label", "--json"], { environment });
    expect(run, run.stderr).toMatchObject({ exitCode: 0 });
    writeFileSync(join(cwd, "train.csv"), cleanCsv(500));
    const local = await assay(cwd, ["manifest", "train.csv", "-o", "local.assay", "--json"]);
    expect(local.json().datasetHead).toBe(run.json().datasetHead);
    const verified = await assay(cwd, ["verify", "local.assay", "--data", "s3://bucket/data/train.csv"], {
      environment,
    });
    expect(verified, verified.stderr).toMatchObject({ exitCode: 0 });
  });

  test("lists folders of more than one page", async () => {
    const cwd = folder();
    const many = await assay(cwd, ["manifest", "s3://bucket/many/", "--json"], { environment });
    expect(many, many.stderr).toMatchObject({ exitCode: 0 });
    expect(many.json()).toMatchObject({ files: 1010, records: 1010 });
    const both = await assay(cwd, ["manifest", "s3://bucket/data/", "--json"], { environment });
    expect(both.json()).toMatchObject({ files: 2, records: 540 });
    const verified = await assay(cwd, ["verify", "data.assay", "--data", "s3://bucket/data/"], { environment });
    expect(verified, verified.stderr).toMatchObject({ exitCode: 0 });
  });

  test.each([
    [
      "a wrong secret",
      "s3://bucket/data/train.csv",
      { AWS_SECRET_ACCESS_KEY: "wrong" },
      "permission-denied",
      "SignatureDoesNotMatch",
    ],
    ["an unknown key", "s3://bucket/data/", { AWS_ACCESS_KEY_ID: "nobody" }, "permission-denied", "InvalidAccessKeyId"],
    ["a missing bucket", "s3://basket/data/", {}, "not-found", "NoSuchBucket"],
    ["a missing object", "s3://bucket/data/none.csv", {}, "not-found", "NoSuchKey"],
  ])("says so of %s", async (_, location, other, code, says) => {
    const cwd = folder();
    const result = await assay(cwd, ["manifest", location, "--json"], { environment: { ...environment, ...other } });
    expectRefusal(result, 5, code, says);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("an object that is replaced half-way is source-changed", async () => {
    const cwd = folder();
    await put("changing.csv", cleanCsv(60_000));
    let stop = false;
    const replacing = (async () => {
      for (let i = 1; !stop; i++) await put("changing.csv", cleanCsv(60_000, i));
    })();
    const result = await assay(cwd, ["manifest", "s3://bucket/changing.csv", "--json"], { environment });
    stop = true;
    await replacing;
    expectRefusal(result, 5, "source-changed", "changing.csv");
  });
});
