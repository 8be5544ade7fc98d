/** Data that is in no folder here: behind URLs, on standard input. */

import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { type RangeServer, serve } from "../../packages/records/test/range-server.js";
import { assay, everythingIn, expectRefusal, filesIn, shell, temporaryFolders } from "./command.js";
import { cleanCsv } from "./data.js";

const folder = temporaryFolders();
const servers: RangeServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.close();
});

async function served(text: string): Promise<RangeServer> {
  const server = await serve(text);
  servers.push(server);
  return server;
}

const withTemporary = (cwd: string) => ({ environment: { TMPDIR: cwd } });

describe.concurrent("assay", () => {
  test("runs on a URL, verifies against it, and writes nothing of its query", async () => {
    const cwd = folder();
    const server = await served(cleanCsv(300));
    const url = `${server.origin}/data/train.csv?signature=secret`;
    const run = await assay(cwd, ["run", url, "--json", "--label", "label"]);
    expect(run, run.stderr).toMatchObject({ exitCode: 0 });
    for (const path of filesIn(cwd)) {
      const text = readFileSync(join(cwd, path), "latin1");
      expect(text.includes("secret") || text.includes(server.origin), path).toBe(false);
    }
    writeFileSync(join(cwd, "train.csv"), cleanCsv(300));
    const local = await assay(cwd, ["manifest", "train.csv", "-o", "local.assay", "--json"]);
    expect(local.json().datasetHead).toBe(run.json().datasetHead);
    expect(await assay(cwd, ["verify", "train.assay", "--data", url])).toMatchObject({ exitCode: 0 });
    expect(await assay(cwd, ["compare", "train.assay", url, "--exit-code"])).toMatchObject({ exitCode: 0 });

    server.object.content = new TextEncoder().encode(cleanCsv(300).replace("yes", "no"));
    expectRefusal(
      await assay(cwd, ["verify", "train.assay", "--data", url, "--json"]),
      2,
      "bytes-mismatch",
      "train.csv",
    );
  });

  test("verifies many files under one URL", async () => {
    const cwd = folder();
    const server = await served(cleanCsv(40));
    const run = await assay(cwd, [
      "manifest",
      `${server.origin}/p/a.csv`,
      `${server.origin}/q/b%20c.csv`,
      "--name",
      "two",
    ]);
    expect(run, run.stderr).toMatchObject({ exitCode: 0 });
    const verified = await assay(cwd, ["verify", "two.assay", "--data", `${server.origin}/`]);
    expect(verified, verified.stderr).toMatchObject({ exitCode: 0 });
  });

  test("stops when the object changes half-way, and leaves nothing behind", async () => {
    const cwd = folder();
    const server = await served(cleanCsv(60_000));
    server.misbehave = (_, __, count) => {
      if (count === 4) server.object.tag = "two";
      return false;
    };
    const result = await assay(cwd, ["run", `${server.origin}/train.csv`, "--json"]);
    expectRefusal(result, 5, "source-changed", "train.csv");
    expect(everythingIn(cwd)).toEqual([]);
  });

  test("gives up on a server that stalls, as soon as --timeout says", async () => {
    const cwd = folder();
    const server = await served("a\n1\n");
    server.misbehave = () => true;
    const result = await assay(cwd, ["run", `${server.origin}/a.csv?secret`, "--json", "--timeout", "1"]);
    expectRefusal(result, 5, "cannot-read", "next to nothing for 1 seconds (tried 5 times)");
    expect(result.stderr).not.toContain("secret");
  });

  test("copies what a server gives only as a whole, says so, and removes the copy", async () => {
    const cwd = folder();
    const temporary = folder();
    const server = await served(cleanCsv(40));
    server.misbehave = (request) => {
      delete request.headers.range;
      return false;
    };
    const result = await assay(cwd, ["manifest", `${server.origin}/a.csv`], withTemporary(temporary));
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toContain("was copied to a temporary file");
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("reads standard input, also to verify", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, "train.csv"), cleanCsv(40));
    const run = await shell(cwd, "cat train.csv | TMPDIR=. $ASSAY run - --format csv");
    expect(run, run.stderr).toMatchObject({ exitCode: 0 });
    expect(run.stderr).toContain("standard input was copied to a temporary file");
    expect(readdirSync(cwd).sort()).toEqual(["stdin.assay", "train.csv"]);
    expect(await shell(cwd, "cat train.csv | $ASSAY verify stdin.assay --data -")).toMatchObject({ exitCode: 0 });
    expect(await shell(cwd, "sed s/yes/no/ train.csv | $ASSAY verify stdin.assay --data -")).toMatchObject({
      exitCode: 2,
    });
    expect(await shell(cwd, "cat train.csv | $ASSAY compare train.csv - --format csv --exit-code")).toMatchObject({
      exitCode: 0,
    });
    expect(await shell(cwd, "$ASSAY compare - - </dev/null")).toMatchObject({ exitCode: 64 });
    expect(await shell(cwd, "$ASSAY run - train.csv </dev/null")).toMatchObject({ exitCode: 64 });
    expectRefusal(await shell(cwd, "cat train.csv | $ASSAY check - --json"), 4, "unknown-format", "standard input");
  });

  test("takes the rows of a query: the same set as the records elsewhere", async () => {
    const [cwd, temporary] = [folder(), folder()];
    writeFileSync(join(cwd, "train.csv"), cleanCsv(40));
    // DuckDB would take "yes" and "no" for booleans.
    const table = "read_csv('train.csv', types = {'label': 'VARCHAR'})";
    const query = `SELECT * FROM ${table} ORDER BY id DESC`;
    const rows = await assay(cwd, ["manifest", "--query", query, "--json"], withTemporary(temporary));
    expect(rows, rows.stderr).toMatchObject({ exitCode: 0 });
    expect(readdirSync(cwd).sort()).toEqual(["query.assay", "train.csv"]);
    expect(everythingIn(temporary)).toEqual([]);
    expect(await assay(cwd, ["compare", "query.assay", "train.csv", "--exit-code"])).toMatchObject({ exitCode: 0 });
    expectRefusal(await assay(cwd, ["check", "--query", "DROP TABLE t", "--json"]), 5, "cannot-read", "DuckDB refuses");
    expect(await assay(cwd, ["check", "--query", "SELECT 1", "--format", "csv"])).toMatchObject({ exitCode: 64 });
    expect(await assay(cwd, ["check"])).toMatchObject({ exitCode: 64 });
  });

  test("removes the copy of standard input on Ctrl-C", async () => {
    const [cwd, temporary] = [folder(), folder()];
    const copied = async (child: ChildProcess): Promise<void> => {
      while (child.exitCode === null && filesIn(temporary).length === 0) await delay(10);
      child.kill("SIGINT");
    };
    const result = await assay(cwd, ["run", "-", "--format", "csv"], {
      ...withTemporary(temporary),
      unfinishedInput: cleanCsv(40),
      onSpawn: (child) => void copied(child),
    });
    expect(result, result.stderr).toMatchObject({ exitCode: 130, signal: null });
    expect(everythingIn(temporary)).toEqual([]);
    expect(everythingIn(cwd)).toEqual([]);
  });
});
