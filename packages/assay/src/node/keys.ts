/** `assay keygen`: key pairs for signing, and leaf keys. */

import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { SourceError } from "@assay/merkle";
import type { KeyType } from "@assay/provenance";
import { generateKeyPair, writeKeyPair } from "@assay/provenance/node";
import { formatLeafKeyFile, leafKeyId } from "@assay/records";

export interface GeneratedKeys {
  readonly keyId: string;
  readonly type: KeyType;
  /** Path of the private key, mode 0600. */
  readonly privateKey: string;
  readonly publicKey: string;
}

/**
 * Makes a key pair and writes `NAME.pem` and `NAME.pub.pem`. Existing files are never replaced.
 *
 * @throws SourceError `exists`, `cannot-write`.
 */
export async function generateKeys(
  name: string,
  { type, passphrase }: { readonly type: KeyType; readonly passphrase?: string },
): Promise<GeneratedKeys> {
  const pair = await generateKeyPair({ type, ...(passphrase !== undefined && { passphrase }) });
  const { privatePath, publicPath } = await writeKeyPair(pair, { name });
  return { keyId: pair.keyId, type, privateKey: privatePath, publicKey: publicPath };
}

/** Makes a leaf key of 32 random bytes and writes its file, mode 0600. */
export async function generateLeafKey(path: string): Promise<{ readonly path: string; readonly keyId: string }> {
  const key = new Uint8Array(randomBytes(32));
  try {
    await writeFile(path, formatLeafKeyFile(key), { mode: 0o600, flag: "wx" });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
    throw new SourceError(
      exists ? "exists" : "cannot-write",
      exists
        ? `${path} exists and is never replaced: a lost leaf key cannot be got back`
        : `Cannot write ${path}: ${(cause as Error).message}`,
      { cause, details: { path } },
    );
  }
  return { path, keyId: leafKeyId(key) };
}
