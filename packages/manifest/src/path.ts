/**
 * Paths inside a data set (`docs/spec/manifest.md`, "Path"): relative, parted by `/`, never normalised or folded, in the
 * order of their UTF-8 bytes. The rules are those of records, which opens the files; here is what writing them adds.
 */

import { SourceError } from "@assay/merkle";

export { checkDataPath as checkPath, compareText } from "@assay/records";

const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/**
 * Refuses to write a file where Windows would change or refuse its name. Manifests may hold such paths; writing them is
 * refused on every system, so that what is written is the same everywhere.
 *
 * @throws SourceError `unwritable-path`.
 */
export function checkWritablePath(path: string): void {
  for (const segment of path.split("/")) {
    // Most names are digits, and no reserved name is.
    if (/^x?[0-9a-f]+$/.test(segment)) continue;
    const fault = RESERVED.test(segment)
      ? "is a reserved name"
      : /[. ]$/.test(segment)
        ? "ends with a dot or a space"
        : /[<>:"|?*]/.test(segment)
          ? 'has one of < > : " | ? *'
          : undefined;
    if (fault !== undefined) {
      throw new SourceError(
        "unwritable-path",
        `Cannot write ${JSON.stringify(path)}: ${JSON.stringify(segment)} ${fault} on Windows. Rename the file first.`,
        { details: { path, segment } },
      );
    }
  }
}
