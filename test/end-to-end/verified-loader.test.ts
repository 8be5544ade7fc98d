/** Training from a sealed data set, as the example does it: what is proven is learnt from, and nothing else. */

import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { loadVerified } from "@assay/assay/node";
import { describe, expect, test } from "vitest";
import { serve } from "../../packages/records/test/range-server.js";
import { assay, temporaryFolders } from "./command.js";
import { cleanCsv } from "./data.js";

const folder = temporaryFolders();
const example = new URL("../../examples/training-loop/train.js", import.meta.url).pathname;
const train = (cwd: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, [example, ...args], { cwd }).then(
    ({ stdout }) => ({ exitCode: 0, stdout, stderr: "" }),
    (error: { code: number; stdout: string; stderr: string }) => ({ ...error, exitCode: error.code }),
  );

describe.concurrent("a training loop over loadVerified()", () => {
  test("learns from what was signed, and stops when a byte of the data or of the folder is another", async () => {
    const cwd = folder();
    const path = join(cwd, "train.csv");
    writeFileSync(path, cleanCsv(2000));
    expect(await assay(cwd, ["keygen", "-o", "release"])).toMatchObject({ exitCode: 0 });
    const run = await assay(cwd, ["run", "train.csv", "--label", "label", "--key", "release.pem"]);
    expect(run, run.stderr).toMatchObject({ exitCode: 0 });

    const learnt = await train(cwd, "train.assay", "label", "release.pub.pem");
    expect(learnt, learnt.stderr).toMatchObject({ exitCode: 0 });
    expect(learnt.stdout).toContain("2000 records, each proven");
    const shares = [...learnt.stdout.matchAll(/pass \d: ([\d.]+) %/g)].map(([, share]) => Number(share));
    expect(shares).toHaveLength(3);
    expect(shares[2]).toBeGreaterThan(95);

    const bytes = readFileSync(path);
    const changed = Buffer.from(bytes);
    const digit = changed.lastIndexOf(".") + 1;
    changed[digit] = changed[digit]! ^ 1;
    writeFileSync(path, changed);
    const refused = await train(cwd, "train.assay", "label");
    expect(refused.exitCode).toBe(2);
    expect(refused.stdout).toBe("");
    expect(refused.stderr).toMatch(/train\.csv.*\(records-root-mismatch\)/s);
    writeFileSync(path, bytes);

    expect(await assay(cwd, ["keygen", "-o", "other"])).toMatchObject({ exitCode: 0 });
    const untrusted = await train(cwd, "train.assay", "label", "other.pub.pem");
    expect(untrusted).toMatchObject({ exitCode: 2, stdout: "" });
    expect(untrusted.stderr).toContain("unknown-signer");
  });

  test("asks a server only for the files that are wanted", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, "a.csv"), "n,t\n1,x\n");
    writeFileSync(join(cwd, "b.csv"), "n,t\n3,z\n");
    expect(await assay(cwd, ["manifest", "a.csv", "b.csv", "-o", "both.assay"])).toMatchObject({ exitCode: 0 });
    const server = await serve("n,t\n3,z\n");
    const paths = new Set<string | undefined>();
    server.misbehave = ({ url }) => {
      paths.add(url);
      return false;
    };
    try {
      const values = [];
      const data = `${server.origin}/shards/`;
      for await (const record of loadVerified(join(cwd, "both.assay"), { data, only: ["b*"] }))
        values.push(record.value());
      expect(values).toEqual([{ n: 3, t: "z" }]);
      expect(paths).toEqual(new Set(["/shards/b.csv"]));
    } finally {
      await server.close();
    }
  });

  test("finds the data where it is told to, in another format too, and reads parts", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, "a.csv"), "n,t\n1,x\n2,y\n");
    writeFileSync(join(cwd, "b.csv"), "n,t\n3,z\n");
    expect(await assay(cwd, ["manifest", "a.csv", "b.csv", "-o", "both.assay"])).toMatchObject({ exitCode: 0 });
    const values = [];
    for await (const record of loadVerified(join(cwd, "both.assay"), { only: ["b.csv"] })) values.push(record.value());
    expect(values).toEqual([{ n: 3, t: "z" }]);

    expect(await assay(cwd, ["manifest", "a.csv", "-o", "a.assay"])).toMatchObject({ exitCode: 0 });
    writeFileSync(join(cwd, "elsewhere.csv"), '"n","t"\r\n1,"x"\r\n2,"y"\r\n');
    const moved = [];
    for await (const record of loadVerified(join(cwd, "a.assay"), { data: join(cwd, "elsewhere.csv") }))
      moved.push(record.value());
    expect(moved).toEqual([
      { n: 1, t: "x" },
      { n: 2, t: "y" },
    ]);
  });
});
