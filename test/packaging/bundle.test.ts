/**
 * What a bundler takes along. Whoever verifies a manifest, a proof or an envelope, in a page or at a gate, loads no reader
 * of Arrow or Parquet; and the root entries run where there is no Node.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { assay } from "@assay/assay";
import { proveRecord } from "@assay/manifest";
import { formatProof, sha256, toHex } from "@assay/merkle";
import { signerFromCryptoKeys } from "@assay/provenance";
import { sourceOfBytes } from "@assay/records";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

interface Metafile {
  readonly inputs: Readonly<Record<string, { readonly imports: readonly Import[] }>>;
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}
interface Import {
  readonly path: string;
  readonly kind: string;
  readonly external?: boolean;
}
interface Bundler {
  build(options: Readonly<Record<string, unknown>>): Promise<{
    readonly metafile: Metafile;
    readonly outputFiles: readonly { readonly contents: Uint8Array }[];
  }>;
}

const root = join(import.meta.dirname, "../..");
// The bundler is the one that builds the packages.
const bundler = createRequire(createRequire(import.meta.url).resolve("tsup"))("esbuild") as Bundler;

interface Bundle {
  /** Files of which something is in the bundle, be it behind a dynamic import. */
  readonly included: readonly string[];
  /** Files that are loaded at once where nothing is bundled: those that static imports lead to. */
  readonly loaded: readonly string[];
  /** Imports that were left to whoever runs the bundle. */
  readonly outside: readonly string[];
  readonly code: Uint8Array;
}

async function bundle(contents: string): Promise<Bundle> {
  const { metafile, outputFiles } = await bundler.build({
    stdin: { contents, resolveDir: root, sourcefile: "entry.js" },
    absWorkingDir: root,
    outfile: "bundle.js",
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    // In a browser `node:` is nothing: an import of it does not resolve, and the build fails.
    platform: "browser",
    target: "es2022",
    logLevel: "silent",
  });
  const loaded = new Set(["entry.js"]);
  for (const file of loaded)
    for (const { path, kind, external } of metafile.inputs[file]?.imports ?? [])
      if (kind === "import-statement" && external !== true) loaded.add(path);
  return {
    included: Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.keys(inputs).filter((path) => (inputs[path]?.bytesInOutput ?? 0) > 0),
    ),
    loaded: [...loaded],
    outside: Object.values(metafile.inputs).flatMap(({ imports }) =>
      imports.filter(({ path, external }) => external === true && path !== "<runtime>").map(({ path }) => path),
    ),
    code: outputFiles[0]?.contents as Uint8Array,
  };
}

const VERIFIER = `
export { verifyEntries, verifyManifest, verifyRecordProof } from "@assay/manifest";
export { parseProofFile } from "@assay/merkle";
export { judge, parsePublicKey, policyOfKey } from "@assay/provenance";
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-bundle-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the verifier, bundled", () => {
  const readers =
    /node_modules\/(apache-arrow|flatbuffers|hyparquet|hyparquet-compressors|fast-csv|pako|fzstd|xxhash-wasm)\//;

  test("has neither Arrow nor Parquet in it, and loads neither where nothing is bundled", async () => {
    const { included, loaded, outside, code } = await bundle(VERIFIER);
    expect(outside).toEqual([]);
    for (const files of [included, loaded]) {
      expect(files.filter((path) => readers.test(path))).toEqual([]);
      expect(files.filter((path) => /packages\/(checks|controls|report|assay|cli|spark)\//.test(path))).toEqual([]);
      // And it is the real thing.
      for (const name of ["merkle", "records", "manifest", "provenance"])
        expect(files.some((path) => path.includes(`packages/${name}/dist/`))).toBe(true);
    }
    expect(new TextDecoder().decode(code)).not.toMatch(/apache-arrow|hyparquet/);
  });

  test("the same look finds the readers where they are", async () => {
    const { included, loaded } = await bundle(`export { toArrow } from "@assay/records/arrow";
      export { parquetReader } from "@assay/records/parquet";`);
    for (const library of ["apache-arrow", "hyparquet"])
      for (const files of [included, loaded])
        expect(files.some((path) => path.includes(`node_modules/${library}/`))).toBe(true);
  });

  test("verifies a manifest, its signatures and a proof, and refuses each when a byte is another", async () => {
    const path = join(folder, "verifier.mjs");
    writeFileSync(path, (await bundle(VERIFIER)).code);
    const verifier = await import(pathToFileURL(path).href);

    const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const signer = await signerFromCryptoKeys(keys);
    const bytes = encode("name,score\nada,1\nalan,2\ngrace,3\n");
    const source = await sourceOfBytes("people", [{ path: "people.csv", bytes }]);
    const { manifest, files, statements } = await assay(source, { signer });

    const header = verifier.verifyManifest(manifest.headerBytes);
    expect(header).toEqual(manifest.header);
    expect(verifier.verifyEntries(header, manifest.entriesBytes)).toEqual(manifest.entries);
    expect(() => verifier.verifyEntries(header, replaced(manifest.entriesBytes, '"records":3', '"records":4'))).toThrow(
      expect.objectContaining({ name: "VerificationError" }),
    );

    const policy = verifier.policyOfKey(verifier.parsePublicKey(signer.publicKeyPem));
    const judged = (change: (name: string, bytes: Uint8Array) => Uint8Array = (_, same) => same) => {
      const all = [...files, ["files.jsonl", manifest.entriesBytes] as const].map(
        ([name, content]) => [name, change(name, content)] as const,
      );
      return verifier.judge(
        {
          manifest: manifest.headerBytes,
          statements: all.find(([name]) => name === "statements.jsonl")?.[1],
          attestations: all.find(([name]) => name === "attestations.intoto.jsonl")?.[1],
          signers: new Map(),
          digests: new Map(all.map(([name, content]) => [name, toHex(sha256(content))])),
        },
        { policy, at: new Date("2030-01-01T00:00:00Z") },
      );
    };
    expect(judged()).toMatchObject({ ok: true, trust: "judged" });
    expect(judged().verified).toHaveLength(statements.length);
    expect(judged((name, same) => (name === "findings.jsonl" ? encode("{}\n") : same))).toMatchObject({
      ok: false,
      code: "artefact-mismatch",
    });
    // Another predicate under the same signature.
    const forged = judged((name, same) =>
      name === "attestations.intoto.jsonl" ? replaced(same, '"payload":"eyJf', '"payload":"eyJg') : same,
    );
    expect(forged.ok).toBe(false);

    const proof = formatProof(await proveRecord(manifest, "people.csv", 1));
    const leaf = (await manifest.leavesOf("people.csv"))?.slice(32, 64);
    expect(verifier.verifyRecordProof(verifier.parseProofFile(proof), header, { leaf })).toMatchObject({
      path: "people.csv",
      ordinal: 1,
      confirmed: true,
    });
    const moved = replaced(proof, '"index":1', '"index":2');
    expect(() => verifier.verifyRecordProof(verifier.parseProofFile(moved), header, { leaf })).toThrow(
      expect.objectContaining({ name: "VerificationError" }),
    );
  });
});

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The bytes with another text at the first place where this one is. */
function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  expect(text).toContain(from);
  return encode(text.replace(from, to));
}

describe("the root entries run without Node", () => {
  test.each(["merkle", "records", "manifest", "checks", "provenance", "controls", "report", "assay"])(
    "@assay/%s imports nothing of Node's",
    async (name) => {
      const { included, outside } = await bundle(`export * from "@assay/${name}";`);
      expect(outside).toEqual([]);
      expect(included.some((path) => path.includes(`packages/${name}/dist/`))).toBe(true);
    },
  );

  test("@assay/checks loads no decoder of images until an image column is named", async () => {
    const { included, loaded } = await bundle('export * from "@assay/checks";');
    for (const library of ["fflate", "jpeg-js"]) {
      expect(included.some((path) => path.includes(`node_modules/${library}/`))).toBe(true);
      expect(loaded.some((path) => path.includes(`node_modules/${library}/`))).toBe(false);
    }
  });

  test("an import of Node's modules would be seen", async () => {
    await expect(bundle('export * from "@assay/assay/node";')).rejects.toThrow(/node:/);
  });
});
