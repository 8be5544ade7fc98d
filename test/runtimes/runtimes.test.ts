/** The same answers in every Node that is maintained, Deno, Bun and a real browser: one set of records has one identity wherever it is looked at. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";

interface Answers {
  readonly roots: Record<string, [set: string, bytes: string, values: string]>;
  readonly setHead: string;
  readonly findings: string[];
  readonly findingsDigest: string;
  readonly outcomes: string[];
}

const root = join(import.meta.dirname, "../..");
const data = join(root, "test/fixtures/interop/simple");
const main = join(import.meta.dirname, "main.js");
const bin = join(root, "packages/cli/bin/assay.js");

/** A program that `.ci/run` installs; a missing one fails. */
function program(variable: string): string {
  const path = process.env[variable];
  if (path === undefined) throw new Error(`${variable} is not set: run .ci/run, which installs what this suite needs`);
  return path;
}

async function run(command: string, args: readonly string[]): Promise<Answers> {
  const { stdout } = await promisify(execFile)(command, [...args, main, data], { cwd: root, maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as Answers;
}

/** The files of a folder that hold no time: path → bytes in hex. */
function filesOf(directory: string): Record<string, string> {
  const isTimeless = (path: string): boolean => !/^(?:statements\.jsonl|report\.html)$/.test(path);
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => relative(directory, join(parentPath, name))).filter(isTimeless);
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(directory, path)).toString("hex")]));
}

/** A page that runs the bundled program and sends what it found. */
async function inBrowser(): Promise<Answers> {
  const bundler = createRequire(createRequire(import.meta.url).resolve("tsup"))("esbuild");
  const names = readdirSync(data).filter((name) => /\.(csv|jsonl|arrow|parquet)$/.test(name));
  const bundled = await bundler.build({
    stdin: {
      contents: `import { answers } from "./program.js";
        const bytesOf = async (name) => new Uint8Array(await (await fetch("/data/" + name)).arrayBuffer());
        const read = async () => {
          const files = new Map();
          for (const name of ${JSON.stringify(names.sort())}) files.set(name, await bytesOf(name));
          return answers(files, await bytesOf("schema.json"));
        };
        const send = (body) => fetch("/answer", { method: "POST", body: JSON.stringify(body) });
        read().then(send, (error) => send({ error: String(error.stack) }));`,
      resolveDir: import.meta.dirname,
    },
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: "esm",
    splitting: true,
    outdir: "out",
    platform: "browser",
    target: "es2022",
    logLevel: "silent",
  });
  const scripts = new Map<string, Uint8Array>(
    bundled.outputFiles.map(({ path, contents }: { path: string; contents: Uint8Array }) => [
      `/${path.split("/").at(-1)}`,
      contents,
    ]),
  );
  let server: Server | undefined;
  let browser: ReturnType<typeof spawn> | undefined;
  const profile = mkdtempSync(join(tmpdir(), "assay-chromium-"));
  try {
    const answer = new Promise<Answers & { error?: string }>((resolve, reject) => {
      server = createServer(async (request, response) => {
        const url = request.url ?? "/";
        if (request.method === "POST") {
          let body = "";
          for await (const piece of request) body += piece;
          response.end();
          resolve(JSON.parse(body));
        } else if (url === "/") {
          response
            .setHeader("content-type", "text/html")
            .end('<!doctype html><script type="module" src="/stdin.js"></script>');
        } else if (scripts.has(url)) response.setHeader("content-type", "text/javascript").end(scripts.get(url));
        else if (url.startsWith("/data/"))
          response.end(readFileSync(join(data, url.slice("/data/".length).replaceAll("/", ""))));
        else response.writeHead(404).end();
      }).listen(0, "127.0.0.1");
      server.on("listening", () => {
        const { port } = (server as Server).address() as AddressInfo;
        browser = spawn(
          program("ASSAY_CHROMIUM"),
          [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            `--user-data-dir=${profile}`,
            `http://127.0.0.1:${port}/`,
          ],
          // A group of its own: its helpers go with it.
          { stdio: "ignore", detached: true },
        );
        browser.on("error", reject);
        browser.on("exit", (code) => reject(new Error(`the browser ended with ${code}`)));
      });
    });
    const { error, ...answers } = await answer;
    if (error !== undefined) throw new Error(error);
    return answers;
  } finally {
    if (browser?.pid !== undefined && browser.exitCode === null) {
      browser.removeAllListeners("exit");
      const gone = once(browser, "exit");
      process.kill(-browser.pid, "SIGKILL");
      await gone;
    }
    server?.close();
    server?.closeAllConnections();
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

describe("the same code on every runtime", () => {
  let node: Answers;
  beforeAll(async () => {
    node = await run(process.execPath, []);
  });

  test("Node: every format of the same records has one set root, and the checks find something", () => {
    const sets = new Set(Object.values(node.roots).map(([set]) => set));
    expect(Object.keys(node.roots).length).toBeGreaterThanOrEqual(9);
    expect(sets.size).toBe(1);
    expect(node.findings.length).toBeGreaterThan(20);
  });

  describe.each([22, 24, 26])("Node %i", (version) => {
    const other = (): string => program(`ASSAY_NODE_${version}`);

    test("gives the same answers, as the version that it is", async () => {
      const { stdout } = await promisify(execFile)(other(), ["--version"]);
      expect(stdout).toMatch(new RegExp(`^v${version}\\.`));
      expect(await run(other(), [])).toEqual(node);
    });

    test("writes the same folder with the command, on worker threads, and verifies what this one wrote", async () => {
      const folder = mkdtempSync(join(tmpdir(), "assay-node-"));
      try {
        const written = async (command: string, name: string): Promise<Record<string, string>> => {
          const out = join(folder, `${name}.assay`);
          const file = join(data, "pyarrow.csv");
          const asked = [bin, "run", file, "-o", out, "--workers", "2", "--fail-on", "none", "--quiet"];
          await promisify(execFile)(command, asked);
          return filesOf(out);
        };
        const ours = await written(process.execPath, "ours");
        expect(Object.keys(ours).length).toBeGreaterThan(6);
        expect(await written(other(), "theirs")).toEqual(ours);
        const asked = [bin, "verify", join(folder, "ours.assay"), "--data", join(data, "pyarrow.csv")];
        expect((await promisify(execFile)(other(), asked)).stdout).toContain("data checked");
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });

  test("Deno", async () => {
    expect(await run(program("ASSAY_DENO"), ["run", "--quiet", "--allow-read", "--allow-env", "--no-remote"])).toEqual(
      node,
    );
  });

  test("Bun", async () => {
    expect(await run(program("ASSAY_BUN"), ["run", "--bun"])).toEqual(node);
  });

  test("a browser (Chromium)", async () => {
    expect(await inBrowser()).toEqual(node);
  });
});
