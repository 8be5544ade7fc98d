/**
 * Signing. A signer is anything that can sign bytes and name its key: a key file (`./node`), WebCrypto, a KMS. Nothing
 * else in Assay sees a private key.
 */

import { TrustError } from "@assay/merkle";
import { rawToDer } from "./ecdsa-signature.js";
import { type Envelope, IN_TOTO_PAYLOAD, pae } from "./envelope.js";
import { formatPublicKey, isValidSignature, type KeyType, parsePublicKey } from "./key.js";
import { parseStatement } from "./statement.js";

export interface Signer {
  /** SHA-256 of the DER SubjectPublicKeyInfo, lower-case hex. */
  readonly keyId: string;
  readonly publicKeyPem: string;
  /** Signs the bytes that it is given: DER for ECDSA, with the hash that belongs to the curve; 64 bytes for Ed25519. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * Wraps the bytes of a statement into an envelope with one signature. The signature is verified before it is given
 * back, so that a signer with the wrong public key is found now and not at the gate.
 *
 * @throws FormatError when the bytes are not a statement; TrustError `bad-signature` when the signer does not sign what its public key verifies
 * @example
 * const envelope = await signStatement(formatStatement(statement), signer);
 */
export async function signStatement(statement: Uint8Array, signer: Signer): Promise<Envelope> {
  parseStatement(statement);
  return addSignature({ payloadType: IN_TOTO_PAYLOAD, payload: statement, signatures: [] }, signer);
}

/** The envelope with the signer's signature added, or put in the place of its former one. */
export async function addSignature(envelope: Envelope, signer: Signer): Promise<Envelope> {
  const { keyId } = signer;
  const key = parsePublicKey(signer.publicKeyPem);
  const message = pae(envelope.payloadType, envelope.payload);
  const signature = await signer.sign(message);
  if (key.keyId !== keyId || !isValidSignature(key, signature, message)) {
    throw new TrustError(
      "bad-signature",
      `Cannot sign with key ${keyId}: what it signed does not verify with its public key. The two are no pair.`,
      { details: { keyId } },
    );
  }
  const others = envelope.signatures.filter((other) => other.keyId !== keyId);
  return { ...envelope, signatures: [...others, { keyId, signature }] };
}

const HASHES: Readonly<Record<KeyType, string | undefined>> = {
  p256: "SHA-256",
  p384: "SHA-384",
  p521: "SHA-512",
  ed25519: undefined,
};

/**
 * A signer from a WebCrypto key pair, for browsers and notebooks. The public key must be extractable, the private key need not be.
 *
 * @throws FormatError `bad-key` when the pair is neither ECDSA on a curve that is known here nor Ed25519
 */
export async function signerFromCryptoKeys(keys: CryptoKeyPair): Promise<Signer> {
  const key = parsePublicKey(new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey)));
  const hash = HASHES[key.type];
  return {
    keyId: key.keyId,
    publicKeyPem: formatPublicKey(key),
    async sign(message) {
      const algorithm = hash === undefined ? { name: "Ed25519" } : { name: "ECDSA", hash };
      const raw = new Uint8Array(await crypto.subtle.sign(algorithm, keys.privateKey, message.slice()));
      return hash === undefined ? raw : rawToDer(raw);
    },
  };
}
