/**
 * Patterns of paths, for what is ignored and for splits (`docs/spec/manifest.md`, "Path"): `*` is anything but `/`, `**` is
 * anything, all else is itself, and a pattern matches the whole path.
 */

/**
 * Whether a pattern matches a path. Takes time proportional to the product of their lengths, whatever they are.
 *
 * @example
 * matchesPattern("train/*.csv", "train/a.csv"); // true
 * matchesPattern("*.csv", "train/a.csv"); // false
 */
export function matchesPattern(pattern: string, path: string): boolean {
  // reached[i]: what was read of the pattern matches the first i units of the path.
  let reached = new Uint8Array(path.length + 1);
  reached[0] = 1;
  for (let k = 0; k < pattern.length; k++) {
    const next = new Uint8Array(path.length + 1);
    if (pattern[k] !== "*") {
      for (let i = 0; i < path.length; i++) if (reached[i] === 1 && path[i] === pattern[k]) next[i + 1] = 1;
    } else {
      const any = pattern[k + 1] === "*";
      if (any) k++;
      for (let i = 0; i <= path.length; i++) {
        const extended = i > 0 && next[i - 1] === 1 && (any || path[i - 1] !== "/");
        next[i] = reached[i] === 1 || extended ? 1 : 0;
      }
    }
    reached = next;
  }
  return reached[path.length] === 1;
}
