/**
 * Envelopes and keys against the `openssl` program: it verifies what we sign, and we verify what it signs, over the bytes
 * that DSSE defines. It must be installed (`openssl version`); these tests do not pass without it.
 */

import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  formatEnvelope,
  formatStatement,
  isValidSignature,
  type KeyType,
  pae,
  parseEnvelope,
  parsePublicKey,
  STATEMENT_TYPE,
  type Statement,
  signStatement,
} from "@assay/provenance";
import { generateKeyPair, loadSigner, writeKeyPair } from "@assay/provenance/node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "assay-openssl-"));
});
afterEach(() => rm(place, { recursive: true }));

const openssl = (...args: string[]): string =>
  execFileSync("openssl", args, { cwd: place, encoding: "utf8", stdio: "pipe" });

const statement: Statement = {
  _type: STATEMENT_TYPE,
  subject: [{ name: "manifest.json", digest: { sha256: "ab".repeat(32) } }],
  predicateType: "https://example.com/test/v1",
  predicate: { text: "é😀" },
};

const DIGESTS: Record<KeyType, readonly string[]> = {
  p256: ["-sha256"],
  p384: ["-sha384"],
  p521: ["-sha512"],
  ed25519: [],
};
const NEW_KEY: Record<KeyType, readonly string[]> = {
  p256: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  p384: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
  p521: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
  ed25519: ["-algorithm", "ED25519"],
};

/** ECDSA by `dgst`, which hashes; Ed25519 by `pkeyutl`, which must not. */
function opensslVerify(type: KeyType, key: string, message: string, signature: string): string {
  return type === "ed25519"
    ? openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", key, "-in", message, "-sigfile", signature)
    : openssl("dgst", ...DIGESTS[type], "-verify", key, "-signature", signature, message);
}

function opensslSign(type: KeyType, key: string, message: string, signature: string): void {
  if (type === "ed25519") openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", message, "-out", signature);
  else openssl("dgst", ...DIGESTS[type], "-sign", key, "-out", signature, message);
}

describe("openssl", () => {
  for (const type of ["p256", "p384", "p521", "ed25519"] as const) {
    test(`openssl verifies the ${type} signature of signStatement() over the bytes of DSSE`, async () => {
      await writeKeyPair(await generateKeyPair({ type }), { name: join(place, "key") });
      const { signer } = await loadSigner(join(place, "key.pem"));
      const envelope = parseEnvelope(formatEnvelope(await signStatement(formatStatement(statement), signer)));
      // Written by hand from the protocol, not by pae().
      const type_ = "application/vnd.in-toto+json";
      const body = Buffer.from(formatStatement(statement));
      const head = `DSSEv1 ${type_.length} ${type_} ${body.length} `;
      await writeFile(join(place, "message"), Buffer.concat([Buffer.from(head), body]));
      await writeFile(join(place, "signature"), envelope.signatures[0]!.signature);
      expect(opensslVerify(type, "key.pub.pem", "message", "signature")).toMatch(
        /Verified OK|Signature Verified Successfully/,
      );
      await writeFile(join(place, "message"), Buffer.concat([Buffer.from(head), body, Buffer.from(" ")]));
      expect(() => opensslVerify(type, "key.pub.pem", "message", "signature")).toThrow();
    });

    test(`isValidSignature() accepts what openssl signs with a ${type} key that openssl made`, async () => {
      openssl("genpkey", ...NEW_KEY[type], "-out", "key.pem");
      openssl("pkey", "-in", "key.pem", "-pubout", "-out", "key.pub.pem");
      const key = parsePublicKey(await readFile(join(place, "key.pub.pem"), "utf8"));
      expect(key.type).toBe(type);
      openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "key.der");
      expect(openssl("dgst", "-sha256", "key.der")).toContain(key.keyId);
      const message = pae("application/vnd.in-toto+json", formatStatement(statement));
      await writeFile(join(place, "message"), message);
      for (let round = 0; round < 5; round++) {
        opensslSign(type, "key.pem", "message", "signature");
        const signature = new Uint8Array(await readFile(join(place, "signature")));
        expect(isValidSignature(key, signature, message)).toBe(true);
        expect(isValidSignature(key, signature, message.subarray(1))).toBe(false);
      }
    });

    test(`openssl reads our encrypted ${type} key, and we read the one that it encrypted`, async () => {
      const pair = await generateKeyPair({ type, passphrase: "correct horse" });
      await writeKeyPair(pair, { name: join(place, "ours") });
      expect(openssl("pkey", "-in", "ours.pem", "-passin", "pass:correct horse", "-pubout")).toBe(pair.publicKeyPem);
      expect(() => openssl("pkey", "-in", "ours.pem", "-passin", "pass:wrong", "-pubout")).toThrow();
      openssl("genpkey", ...NEW_KEY[type], "-aes-256-cbc", "-pass", "pass:secret", "-out", "theirs.pem");
      const { signer } = await loadSigner(join(place, "theirs.pem"), { passphrase: "secret" });
      expect(openssl("pkey", "-in", "theirs.pem", "-passin", "pass:secret", "-pubout")).toBe(signer.publicKeyPem);
    });
  }
});
