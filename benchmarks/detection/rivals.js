/** What PyOD, scikit-learn and cleanlab say of the same files. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Runs `rivals.py` with some arguments; its answer is JSON. One thread. */
export function rival(python, args) {
  const { status, stdout, stderr } = spawnSync(
    python,
    [fileURLToPath(new URL("rivals.py", import.meta.url)), ...args],
    {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
    },
  );
  if (status !== 0) throw new Error(`rivals.py ${args.join(" ")}: ${stderr}`);
  return JSON.parse(stdout);
}
