/** Private keys as PKCS#8 PEM, made and used by Node's crypto. */

import { createPrivateKey, createPublicKey, generateKeyPair as generate, type KeyObject, sign } from "node:crypto";
import { FormatError } from "@assay/merkle";
import { formatPublicKey, type KeyType, parsePublicKey } from "../key.js";
import type { Signer } from "../signer.js";

export interface GenerateKeyPairOptions {
  /** Default `p256`: the one that every verifier knows. */
  readonly type?: KeyType;
  /** Encrypts the private key at rest (PKCS#8, PBKDF2, AES-256-CBC). Default: not encrypted. */
  readonly passphrase?: string;
}

export interface KeyPairPem {
  readonly type: KeyType;
  /** SHA-256 of the DER SubjectPublicKeyInfo, lower-case hex. */
  readonly keyId: string;
  /** PKCS#8. Keep it secret. */
  readonly privateKeyPem: string;
  /** SubjectPublicKeyInfo. */
  readonly publicKeyPem: string;
}

const CURVE_NAMES = { p256: "P-256", p384: "P-384", p521: "P-521" } as const;

/**
 * Makes a key pair.
 *
 * @throws TypeError for a type that is not known; RangeError for an empty passphrase
 */
export async function generateKeyPair(options: GenerateKeyPairOptions = {}): Promise<KeyPairPem> {
  const { type = "p256", passphrase } = options;
  if (type !== "ed25519" && !Object.hasOwn(CURVE_NAMES, type)) {
    throw new TypeError(`type: "${type}" is not one of p256, p384, p521, ed25519`);
  }
  if (passphrase === "")
    throw new RangeError("passphrase: an empty one protects nothing; leave it out to store the key as it is");
  const privateKey = await generatePrivateKey(type);
  const cipher = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  const key = publicKeyOf(privateKey);
  return {
    type,
    keyId: key.keyId,
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem", ...cipher }) as string,
    publicKeyPem: formatPublicKey(key),
  };
}

function generatePrivateKey(type: KeyType): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, _publicKey: KeyObject, privateKey: KeyObject): void => {
      if (error === null) resolve(privateKey);
      else reject(error);
    };
    if (type === "ed25519") generate("ed25519", {}, done);
    else generate("ec", { namedCurve: CURVE_NAMES[type] }, done);
  });
}

function publicKeyOf(privateKey: KeyObject) {
  return parsePublicKey(new Uint8Array(createPublicKey(privateKey).export({ type: "spki", format: "der" })));
}

/**
 * A signer from the PEM text of a private key.
 *
 * @param place name of the file, for messages
 * @throws FormatError `bad-key`: no private key, a passphrase that is missing, wrong or not needed, or an unknown kind of key
 */
export function signerFromPem(pem: string, place: string, passphrase?: string): Signer {
  const privateKey = readPrivateKey(pem, place, passphrase);
  const key = publicKeyOf(privateKey);
  const hash = { p256: "sha256", p384: "sha384", p521: "sha512", ed25519: null }[key.type];
  return {
    keyId: key.keyId,
    publicKeyPem: formatPublicKey(key),
    async sign(message) {
      return new Uint8Array(sign(hash, message, { key: privateKey, dsaEncoding: "der" }));
    },
  };
}

function readPrivateKey(pem: string, place: string, passphrase: string | undefined): KeyObject {
  const fail = (what: string, cause?: unknown): never => {
    throw new FormatError("bad-key", `Cannot read the private key "${place}": ${what}.`, {
      details: { path: place },
      cause,
    });
  };
  if (/-----BEGIN PUBLIC KEY-----/.test(pem)) return fail("it is a public key; signing needs the private one");
  const header = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----/.exec(pem)?.[1];
  if (header === undefined) return fail("it holds no PEM block with a private key");
  const isEncrypted = header === "ENCRYPTED PRIVATE KEY" || /^Proc-Type: 4,ENCRYPTED/m.test(pem);
  if (isEncrypted && passphrase === undefined) return fail("it is encrypted; give its passphrase");
  try {
    return createPrivateKey({
      key: pem,
      format: "pem",
      ...(isEncrypted && passphrase !== undefined ? { passphrase } : {}),
    });
  } catch (error) {
    return fail(isEncrypted ? "the passphrase is wrong, or the file is damaged" : "the file is damaged", error);
  }
}
