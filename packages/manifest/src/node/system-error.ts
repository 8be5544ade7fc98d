/** Errors of the operating system as errors of Assay: the code says what to do next. */

import { isAssayError, type SourceCode, SourceError } from "@assay/merkle";

/**
 * The error to throw for a failed system call. Errors of Assay, and the reason of an aborted signal, stay what they are.
 *
 * @param doing what failed, as in `write` or `read`.
 * @param path the file or folder, for the message.
 */
export function systemError(cause: unknown, doing: "read" | "write", path: string): unknown {
  if (isAssayError(cause)) return cause;
  const system = (cause as NodeJS.ErrnoException | null)?.code;
  if (typeof system !== "string" || (cause as NodeJS.ErrnoException).syscall === undefined) return cause;
  const [code, sentence] = meaningOf(system, doing);
  return new SourceError(code, `Cannot ${doing} ${path}: ${sentence}`, { cause, details: { path, system } });
}

function meaningOf(system: string, doing: "read" | "write"): [SourceCode, string] {
  switch (system) {
    case "ENOSPC":
    case "EDQUOT":
      return ["disk-full", "the disk is full (or a quota is). Free space, or write elsewhere with -o"];
    case "EACCES":
    case "EPERM":
      return ["permission-denied", "permission denied"];
    case "ENOENT":
    case "ENOTDIR":
      return doing === "read"
        ? ["not-found", "it does not exist"]
        : ["cannot-write", "a folder on the way to it does not exist"];
    case "EISDIR":
      return ["is-a-directory", "it is a folder"];
    case "EROFS":
      return ["cannot-write", "the file system is read-only. Write elsewhere with -o"];
    case "ELOOP":
      return ["link-loop", "too many symbolic links"];
    default:
      return [doing === "read" ? "cannot-read" : "cannot-write", system];
  }
}
