/** The passphrase of a private key: from a file descriptor, or asked for on the terminal without echo. Never from argv. */

import { readFileSync, readSync } from "node:fs";
import { UsageError } from "@assay/assay/commands";

/** Whether a key file is encrypted at rest. */
function isEncrypted(path: string): boolean {
  try {
    return readFileSync(path, "latin1").includes("-----BEGIN ENCRYPTED PRIVATE KEY-----");
  } catch {
    return false; // Loading the key says what is wrong with it.
  }
}

/** The first line that a file descriptor gives. */
export function passphraseFrom(fd: number): string {
  const chunk = new Uint8Array(4096);
  let length = 0;
  try {
    while (length < chunk.length) {
      const read = readSync(fd, chunk, length, chunk.length - length, null);
      if (read === 0) break;
      length += read;
      if (chunk.subarray(0, length).includes(10)) break;
    }
  } catch (cause) {
    throw new UsageError(`--passphrase-fd ${fd} cannot be read: ${(cause as Error).message}`);
  }
  return new TextDecoder().decode(chunk.subarray(0, length)).replace(/\r?\n[\s\S]*$/, "");
}

/** Asks on the terminal, without showing what is typed. */
export async function askPassphrase(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (stdin.isTTY !== true)
    throw new UsageError("The key is encrypted and there is no terminal to ask on: give --passphrase-fd N");
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.resume();
  try {
    let typed = "";
    for await (const chunk of stdin) {
      for (const character of String(chunk)) {
        if (character === "\r" || character === "\n") return typed;
        if (character === "\u0003") {
          process.kill(process.pid, "SIGINT");
          return "";
        }
        typed = character === "\u007f" ? typed.slice(0, -1) : typed + character;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}

/** The passphrase of a key file, or `undefined` when it needs none. */
export async function readPassphrase(path: string, fd: number | undefined): Promise<string | undefined> {
  if (fd !== undefined) return passphraseFrom(fd);
  return isEncrypted(path) ? askPassphrase(`Passphrase of ${path}: `) : undefined;
}
