/** Files that are made before they can be written: held in memory up to a bound, and above it in a space. */

import type { FolderFile } from "./folder.js";
import type { LeafSpace } from "./leaf-store.js";

/** Files on their way into a folder. */
export class HeldFiles {
  readonly #space: LeafSpace | undefined;
  readonly #maxBytes: number;
  readonly #held: { readonly path: string; readonly bytes: Uint8Array | { offset: number; length: number } }[] = [];
  #heldBytes = 0;

  /** @param maxBytes that are held in memory where there is a space. */
  constructor(space: LeafSpace | undefined, maxBytes: number) {
    this.#space = space;
    this.#maxBytes = maxBytes;
  }

  /** Takes a file, whose bytes must not change afterwards. */
  async add(path: string, bytes: Uint8Array): Promise<void> {
    if (this.#space === undefined || this.#heldBytes + bytes.length <= this.#maxBytes) {
      this.#heldBytes += bytes.length;
      this.#held.push({ path, bytes });
    } else {
      this.#held.push({ path, bytes: { offset: await this.#space.append(bytes), length: bytes.length } });
    }
  }

  /** The files in the order in which they came, as often as they are asked for. */
  async *files(): AsyncGenerator<FolderFile> {
    for (const { path, bytes } of this.#held) {
      if (bytes instanceof Uint8Array) yield { path, bytes };
      else yield { path, bytes: await (this.#space as LeafSpace).read(bytes.offset, bytes.length) };
    }
  }
}
