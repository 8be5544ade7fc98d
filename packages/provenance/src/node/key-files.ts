/** Key files: `NAME.pem`, the private key that only its owner may read, and `NAME.pub.pem`. */

import { type FileHandle, open, rm, unlink } from "node:fs/promises";
import { FormatError, isAssayError, SourceError } from "@assay/merkle";
import type { Signer } from "../signer.js";
import { type KeyPairPem, signerFromPem } from "./key-pair.js";

export interface WriteKeyPairOptions {
  /** Path without the endings. */
  readonly name: string;
}

/**
 * Writes `NAME.pem` (mode 0600) and `NAME.pub.pem` (0644). Never overwrites: a lost key cannot be got back.
 *
 * @returns the two paths
 * @throws SourceError `exists`, `cannot-write`; then neither file is left behind
 */
export async function writeKeyPair(
  pair: KeyPairPem,
  { name }: WriteKeyPairOptions,
): Promise<{ readonly privatePath: string; readonly publicPath: string }> {
  const privatePath = `${name}.pem`;
  const publicPath = `${name}.pub.pem`;
  await writeOnce(privatePath, pair.privateKeyPem, 0o600);
  try {
    await writeOnce(publicPath, pair.publicKeyPem, 0o644);
  } catch (error) {
    await unlink(privatePath);
    throw error;
  }
  return { privatePath, publicPath };
}

async function writeOnce(path: string, text: string, mode: number): Promise<void> {
  let file: FileHandle;
  try {
    // "wx" fails on anything that is there, a link to elsewhere too.
    file = await open(path, "wx", mode);
  } catch (error) {
    const exists = codeOf(error) === "EEXIST";
    throw new SourceError(
      exists ? "exists" : "cannot-write",
      exists
        ? `Cannot write the key "${path}": the file is there. Keys are never overwritten; choose another name.`
        : `Cannot write the key "${path}": ${(error as Error).message}.`,
      { details: { path }, cause: error },
    );
  }
  try {
    // The mode of open is narrowed by the umask only; a private key must not be wider either.
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw new SourceError("cannot-write", `Cannot write the key "${path}": ${(error as Error).message}.`, {
      details: { path },
      cause: error,
    });
  }
  await file.close();
}

export interface LoadSignerOptions {
  /** Of an encrypted key. */
  readonly passphrase?: string;
}

export interface LoadedSigner {
  readonly signer: Signer;
  /** What is wrong with how the file is kept; show them. */
  readonly warnings: readonly string[];
}

const MAX_KEY_BYTES = 64 * 1024;

/**
 * Loads a private key to sign with.
 *
 * @throws SourceError `not-found`, `permission-denied`, `cannot-read`; FormatError `bad-key`: not a private key, a
 * missing or wrong passphrase, a kind of key that is not known
 * @example
 * const { signer, warnings } = await loadSigner("release.pem", { passphrase });
 */
export async function loadSigner(path: string, options: LoadSignerOptions = {}): Promise<LoadedSigner> {
  let pem: string;
  let mode: number;
  try {
    const file = await open(path, "r");
    try {
      const { size, mode: fileMode } = await file.stat();
      if (size > MAX_KEY_BYTES) {
        throw new FormatError(
          "bad-key",
          `Cannot read the private key "${path}": it has ${size} bytes, a key has less than ${MAX_KEY_BYTES}.`,
        );
      }
      mode = fileMode;
      pem = await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isAssayError(error)) throw error;
    const codes = { ENOENT: "not-found", EACCES: "permission-denied", EISDIR: "is-a-directory" } as const;
    const code = codes[codeOf(error) as keyof typeof codes] ?? "cannot-read";
    throw new SourceError(code, `Cannot read the private key "${path}": ${(error as Error).message}.`, {
      details: { path },
      cause: error,
    });
  }
  const signer = signerFromPem(pem, path, options.passphrase);
  // Windows has no such bits: Node gives 0666 for every file there.
  const isOpen = process.platform !== "win32" && (mode & 0o077) !== 0;
  const bits = (mode & 0o777).toString(8).padStart(4, "0");
  const warnings = isOpen
    ? [`The private key "${path}" can be read by others (mode ${bits}). Run: chmod 600 ${JSON.stringify(path)}`]
    : [];
  return { signer, warnings };
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string }).code;
}
