/**
 * Public keys: ECDSA on P-256 with SHA-256, P-384 with SHA-384, P-521 with SHA-512, and Ed25519 (RFC 8032). The algorithm
 * follows from the key, never from an envelope. The key id is the SHA-256 of the DER SubjectPublicKeyInfo (RFC 5280).
 *
 * Signatures are verified by one implementation everywhere, `@noble/curves`: WebCrypto engines differ in which curves
 * they have and in which odd Ed25519 signatures they accept, and a verdict must not depend on the engine.
 */

import { FormatError, fromHex, sha256, toHex } from "@assay/merkle";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { fromBase64, toBase64 } from "./base64.js";
import { derToRaw } from "./ecdsa-signature.js";

export type KeyType = "p256" | "p384" | "p521" | "ed25519";

export interface PublicKey {
  readonly type: KeyType;
  /** SHA-256 of `spki`, lower-case hex. */
  readonly keyId: string;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** The point: uncompressed for ECDSA, 32 bytes for Ed25519. */
  readonly point: Uint8Array;
}

/**
 * Everything before the point. DER leaves no choice, so each kind of key has exactly one beginning, and a parser that
 * compares it is as strict as a parser can be. Compressed points are refused: they would give one key two ids.
 */
const SPKI_BEGINNINGS: Readonly<Record<KeyType, { readonly prefix: Uint8Array; readonly pointBytes: number }>> = {
  p256: { prefix: fromHex("3059301306072a8648ce3d020106082a8648ce3d030107034200"), pointBytes: 65 },
  p384: { prefix: fromHex("3076301006072a8648ce3d020106052b81040022036200"), pointBytes: 97 },
  p521: { prefix: fromHex("30819b301006072a8648ce3d020106052b8104002303818600"), pointBytes: 133 },
  ed25519: { prefix: fromHex("302a300506032b6570032100"), pointBytes: 32 },
};

const CURVES = { p256, p384, p521 } as const;

/**
 * Parses a public key: PEM (`-----BEGIN PUBLIC KEY-----`), or DER SubjectPublicKeyInfo as bytes or base64 text.
 *
 * @throws FormatError `bad-key`, saying what it is instead when that can be seen
 */
export function parsePublicKey(input: string | Uint8Array): PublicKey {
  const spki = typeof input === "string" ? spkiOfText(input) : isPem(input) ? spkiOfText(textOf(input)) : input;
  for (const [type, { prefix, pointBytes }] of Object.entries(SPKI_BEGINNINGS) as [
    KeyType,
    (typeof SPKI_BEGINNINGS)[KeyType],
  ][]) {
    if (spki.length !== prefix.length + pointBytes || !prefix.every((byte, index) => spki[index] === byte)) continue;
    const point = spki.slice(prefix.length);
    if (!isGoodPoint(type, point)) throw badKey(`it is not a point of ${type} that a key can be`);
    return { type, keyId: toHex(sha256(spki)), spki: spki.slice(), point };
  }
  throw badKey("it is not a P-256, P-384, P-521 or Ed25519 key as DER SubjectPublicKeyInfo with an uncompressed point");
}

/** The PEM text of a public key, with a final line feed: what `openssl pkey -pubout` writes. */
export function formatPublicKey({ spki }: PublicKey): string {
  const lines = toBase64(spki).match(/.{1,64}/g)!;
  return `-----BEGIN PUBLIC KEY-----\n${lines.join("\n")}\n-----END PUBLIC KEY-----\n`;
}

/**
 * Whether a signature over a message is right. ECDSA signatures are strict DER; both s and n − s are accepted, as every
 * signer in use writes either. Ed25519 follows RFC 8032 to the letter. Takes some milliseconds.
 */
export function isValidSignature(key: PublicKey, signature: Uint8Array, message: Uint8Array): boolean {
  if (key.type === "ed25519") {
    return signature.length === 64 && attempt(() => ed25519.verify(signature, message, key.point, { zip215: false }));
  }
  const curve = CURVES[key.type];
  const raw = derToRaw(signature, curve.lengths.secretKey!);
  return raw !== undefined && attempt(() => curve.verify(raw, message, key.point, { prehash: true, lowS: false }));
}

function isGoodPoint(type: KeyType, point: Uint8Array): boolean {
  if (type === "ed25519") {
    // With a key of small order anyone can sign anything.
    return attempt(() => !ed25519.Point.fromBytes(point, false).isSmallOrder());
  }
  return point[0] === 0x04 && attempt(() => CURVES[type].utils.isValidPublicKey(point, false));
}

/** The curves throw on what they cannot read: r or s of 0, a point that is not on the curve. That is a no. */
function attempt(question: () => boolean): boolean {
  try {
    return question();
  } catch {
    return false;
  }
}

function spkiOfText(text: string): Uint8Array {
  if (!text.includes("-----")) {
    const der = fromBase64(text);
    if (der === undefined) throw badKey("it is neither PEM nor base64 of a DER SubjectPublicKeyInfo");
    return der;
  }
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw badKey("it is a private key; give the public one, and keep this one to yourself");
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) throw badKey("it is a certificate; give the public key in it");
  const match = /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PUBLIC KEY-----\s*$/.exec(text);
  const der = match === null ? undefined : fromBase64(match[1]!.replace(/\r?\n/g, ""));
  if (der === undefined) throw badKey("it is not one PEM block PUBLIC KEY and nothing else");
  return der;
}

const PEM_BEGINNING = "-----BEGIN ";
const MAX_PEM_BYTES = 64 * 1024;

function isPem(bytes: Uint8Array): boolean {
  return Array.from(PEM_BEGINNING).every((character, index) => bytes[index] === character.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length > MAX_PEM_BYTES) throw badKey(`it has ${bytes.length} bytes`);
  return new TextDecoder().decode(bytes);
}

function badKey(what: string): FormatError {
  return new FormatError("bad-key", `Cannot read the public key: ${what}.`);
}
