import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openFolderReader } from "@assay/manifest/node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isValidSignature, type KeyType, parsePublicKey } from "../src/key.js";
import { assertOutsideFolder, generateKeyPair, loadSigner, writeKeyPair } from "../src/node.js";
import { policyOfKey } from "../src/policy.js";
import { signerFromCryptoKeys, signStatement } from "../src/signer.js";
import { formatStatement } from "../src/statement.js";
import { readArtefact, verifyFolder } from "../src/verify-folder.js";
import { actor, manifestStatement, NOW, type SampleFolder, sampleFolder, utf8 } from "./sample-folder.js";

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "assay-provenance-"));
});
afterEach(() => rm(place, { recursive: true }));

const message = utf8("a message");
const fails = (name: string, code: string) => expect.objectContaining({ name, code });

describe("key files", () => {
  for (const type of ["p256", "p384", "p521", "ed25519"] as const satisfies readonly KeyType[]) {
    test(`generateKeyPair(), writeKeyPair() and loadSigner() give a working ${type} signer, encrypted or not`, async () => {
      for (const options of [{}, { passphrase: "correct horse" }]) {
        const name = join(place, `${type}-${Object.keys(options).length}`);
        const pair = await generateKeyPair({ type, ...options });
        const { privatePath, publicPath } = await writeKeyPair(pair, { name });
        expect([privatePath, publicPath]).toEqual([`${name}.pem`, `${name}.pub.pem`]);
        const { signer, warnings } = await loadSigner(privatePath, options);
        expect(warnings).toEqual([]);
        expect(signer.keyId).toBe(pair.keyId);
        const key = parsePublicKey(await readFile(publicPath, "utf8"));
        expect(isValidSignature(key, await signer.sign(message), message)).toBe(true);
      }
    });
  }

  test("writeKeyPair() gives the private key to its owner only, and overwrites nothing", async () => {
    const name = join(place, "key");
    const pair = await generateKeyPair({ type: "ed25519" });
    await writeKeyPair(pair, { name });
    expect((await stat(`${name}.pem`)).mode & 0o777).toBe(0o600);
    const text = await readFile(`${name}.pem`, "utf8");
    await expect(writeKeyPair(await generateKeyPair(), { name })).rejects.toEqual(fails("SourceError", "exists"));
    expect(await readFile(`${name}.pem`, "utf8")).toBe(text);
    await rm(`${name}.pem`);
    await expect(writeKeyPair(await generateKeyPair(), { name })).rejects.toEqual(fails("SourceError", "exists"));
    // The half that was written is taken back.
    await expect(stat(`${name}.pem`)).rejects.toThrow("ENOENT");
    await expect(writeKeyPair(pair, { name: join(place, "none", "key") })).rejects.toEqual(
      fails("SourceError", "cannot-write"),
    );
  });

  test("loadSigner() warns of a private key that others can read", async () => {
    const { privatePath } = await writeKeyPair(await generateKeyPair(), { name: join(place, "key") });
    await chmod(privatePath, 0o644);
    const { warnings } = await loadSigner(privatePath);
    expect(warnings).toEqual([expect.stringContaining("0644")]);
  });

  test("loadSigner() says what is wrong: passphrase missing or wrong, a public key, damage, nothing", async () => {
    const pair = await generateKeyPair({ passphrase: "secret" });
    expect(pair.privateKeyPem).toContain("BEGIN ENCRYPTED PRIVATE KEY");
    const { privatePath, publicPath } = await writeKeyPair(pair, { name: join(place, "key") });
    const load = async (path: string, passphrase?: string): Promise<string> => {
      try {
        await loadSigner(path, passphrase === undefined ? {} : { passphrase });
        return "loaded";
      } catch (error) {
        return `${(error as { code: string }).code}: ${(error as Error).message}`;
      }
    };
    expect(await load(privatePath)).toMatch(/^bad-key: .*give its passphrase/);
    expect(await load(privatePath, "wrong")).toMatch(/^bad-key: .*passphrase is wrong/);
    expect(await load(privatePath, "secret")).toBe("loaded");
    expect(await load(publicPath)).toMatch(/^bad-key: .*public key/);
    const damaged = join(place, "damaged.pem");
    await writeFile(damaged, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", { mode: 0o600 });
    expect(await load(damaged)).toMatch(/^bad-key: .*damaged/);
    await writeFile(damaged, "x".repeat(100_000));
    expect(await load(damaged)).toMatch(/^bad-key: .*100000 bytes/);
    expect(await load(join(place, "none.pem"))).toMatch(/^not-found/);
    expect(await load(place)).toMatch(/^(is-a-directory|cannot-read)/);
  });

  test("generateKeyPair() refuses unknown types and empty passphrases", async () => {
    await expect(generateKeyPair({ type: "rsa" as never })).rejects.toThrow(TypeError);
    await expect(generateKeyPair({ passphrase: "" })).rejects.toThrow(/^passphrase:/);
  });
});

describe("signers", () => {
  test("signerFromCryptoKeys() signs what verifies, on every curve that WebCrypto has", async () => {
    for (const namedCurve of ["P-256", "P-384", "P-521"]) {
      const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve }, false, ["sign", "verify"]);
      const signer = await signerFromCryptoKeys(keys);
      expect(isValidSignature(parsePublicKey(signer.publicKeyPem), await signer.sign(message), message)).toBe(true);
    }
  });

  test("signStatement() refuses a signer whose public key is another's", async () => {
    const [alice, bob] = [await actor(), await actor()];
    const bytes = formatStatement(manifestStatement());
    const mixed = { ...alice.signer, publicKeyPem: bob.signer.publicKeyPem };
    await expect(signStatement(bytes, mixed)).rejects.toEqual(fails("TrustError", "bad-signature"));
    await expect(signStatement(bytes, { ...mixed, keyId: bob.signer.keyId })).rejects.toEqual(
      fails("TrustError", "bad-signature"),
    );
    await expect(signStatement(utf8("{}"), alice.signer)).rejects.toEqual(fails("FormatError", "malformed-statement"));
  });
});

async function write(folder: SampleFolder, root: string): Promise<void> {
  const files = new Map<string, Uint8Array | undefined>([
    ["manifest.json", folder.manifest],
    ["statements.jsonl", folder.statements],
    ["attestations.intoto.jsonl", folder.attestations],
    ...[...folder.signers].map(([name, bytes]): [string, Uint8Array] => [`signers/${name}`, bytes]),
    ...folder.files,
  ]);
  for (const [path, bytes] of files) {
    if (bytes === undefined) continue;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
}

describe("verifyFolder()", () => {
  test("verifyFolder() judges a folder on disk", async () => {
    const alice = await actor();
    const root = join(place, "train.assay");
    await write(await sampleFolder([alice.signer]), root);
    const verify = async (options = {}) => (await verifyFolder(await openFolderReader(root), options)).code;
    const trusting = { policy: policyOfKey(parsePublicKey(alice.spki)), at: NOW };
    expect(await verify()).toBe("ok");
    expect(await verify(trusting)).toBe("ok");
    await writeFile(join(root, "findings.jsonl"), "{}\n");
    expect(await verify(trusting)).toBe("artefact-mismatch");
    await rm(join(root, "findings.jsonl"));
    expect(await verify(trusting)).toBe("artefact-mismatch");
    await rm(join(root, "statements.jsonl"));
    expect(await verify()).toBe("artefact-mismatch");
    await rm(join(root, "attestations.intoto.jsonl"));
    expect(await verify()).toBe("ok");
    await writeFile(join(root, "sketches.arrow"), "x");
    expect(await verify()).toBe("artefact-mismatch");
    await rm(join(root, "manifest.json"));
    await expect(verify()).rejects.toEqual(fails("SourceError", "not-found"));
  });

  test("verifyFolder() caps what it reads and stops when it is told to", async () => {
    await write(await sampleFolder([]), place);
    const folder = await openFolderReader(place);
    await expect(verifyFolder(folder, { maxBytes: 100 })).rejects.toEqual(fails("FormatError", "limit-exceeded"));
    await expect(verifyFolder(folder, { signal: AbortSignal.abort(new Error("stop")) })).rejects.toThrow("stop");
  });

  test("readArtefact() gives only bytes that a verified statement names", async () => {
    const alice = await actor();
    await write(await sampleFolder([alice.signer]), place);
    const folder = await openFolderReader(place);
    const { verified } = await verifyFolder(folder, { policy: policyOfKey(parsePublicKey(alice.spki)), at: NOW });
    expect(await readArtefact(folder, "findings.jsonl", verified)).toEqual(utf8('{"check":"outliers"}\n'));
    const refused = fails("VerificationError", "artefact-mismatch");
    await expect(readArtefact(folder, "findings.jsonl", [])).rejects.toEqual(refused);
    await expect(readArtefact(folder, "manifest.json", verified)).rejects.toEqual(refused);
    await expect(readArtefact(folder, "sketches.arrow", verified)).rejects.toEqual(refused);
    await writeFile(join(place, "findings.jsonl"), "{}\n");
    await expect(readArtefact(folder, "findings.jsonl", verified)).rejects.toEqual(refused);
  });
});

describe("assertOutsideFolder()", () => {
  test("a policy inside the judged folder is refused, also by a link in either direction", async () => {
    const folder = join(place, "train.assay");
    await mkdir(join(folder, "signers"), { recursive: true });
    const inside = join(folder, "signers", "policy.json");
    const outside = join(place, "policy.json");
    await writeFile(inside, "{}");
    await writeFile(outside, "{}");
    await symlink(inside, join(place, "looks-outside.json"));
    await symlink(outside, join(folder, "looks-inside.json"));
    await symlink(folder, join(place, "alias"));
    const refused = fails("TrustError", "unknown-signer");
    await expect(assertOutsideFolder(outside, [folder])).resolves.toBeUndefined();
    for (const file of [
      inside,
      join(place, "looks-outside.json"),
      join(folder, "looks-inside.json"),
      join(place, "alias", "signers", "policy.json"),
    ]) {
      await expect(assertOutsideFolder(file, [folder], "the policy")).rejects.toEqual(refused);
    }
    await expect(assertOutsideFolder(outside, [place])).rejects.toEqual(refused);
    await expect(assertOutsideFolder(outside, [join(place, "alias")])).resolves.toBeUndefined();
    await expect(assertOutsideFolder(join(place, "none.json"), [folder])).rejects.toEqual(
      fails("SourceError", "not-found"),
    );
  });

  test("assertOutsideFolder() is not fooled by a folder whose name is a beginning of another", async () => {
    await mkdir(join(place, "a"));
    await mkdir(join(place, "ab"));
    await writeFile(join(place, "ab", "policy.json"), "{}");
    await expect(assertOutsideFolder(join(place, "ab", "policy.json"), [join(place, "a")])).resolves.toBeUndefined();
  });
});
