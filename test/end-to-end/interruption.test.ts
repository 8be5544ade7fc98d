/** Signals, crashes and stale locks: the old folder or the new one, never half, and the next command says what it put right. */

import type { ChildProcess } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { assay, everythingIn, temporaryFolders } from "./command.js";
import { cleanCsv } from "./data.js";

const folder = temporaryFolders();

/** A process id that no process has: beyond the largest that Linux gives. */
const DEAD = 2 ** 22 + 12345;
const WORK = ".train.assay.work.assay";

async function madeFolder(): Promise<string> {
  const cwd = folder();
  writeFileSync(join(cwd, "train.csv"), cleanCsv(40));
  expect(await assay(cwd, ["run", "train.csv"])).toMatchObject({ exitCode: 0 });
  return cwd;
}

/** Waits until a child holds a file open, so that it is past its start however busy the machine is; elsewhere 1.5 seconds. */
async function openedBy(child: ChildProcess, name: string): Promise<void> {
  if (process.platform !== "linux") return delay(1500);
  const descriptors = `/proc/${child.pid}/fd`;
  const target = (descriptor: string): string => {
    try {
      return readlinkSync(join(descriptors, descriptor));
    } catch {
      return "";
    }
  };
  while (child.exitCode === null) {
    if (readdirSync(descriptors).some((descriptor) => target(descriptor).endsWith(`/${name}`))) return;
    await delay(10);
  }
}

describe.concurrent("assay", () => {
  test("ends with exit code 130 on Ctrl-C, leaves nothing behind, and works the second time", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, "train.csv"), cleanCsv(150_000));
    const interrupted = await assay(cwd, ["run", "train.csv"], {
      onSpawn: (child) => void openedBy(child, "train.csv").then(() => child.kill("SIGINT")),
    });
    expect(interrupted).toMatchObject({ exitCode: 130, signal: null });
    expect(interrupted.stderr).toContain("interrupted");
    expect(everythingIn(cwd)).toEqual(["train.csv"]);
    expect(await assay(cwd, ["manifest", "train.csv"])).toMatchObject({ exitCode: 0 });
  });

  test("breaks the lock of a process that is gone, and says so", async () => {
    const cwd = await madeFolder();
    mkdirSync(join(cwd, WORK));
    writeFileSync(join(cwd, WORK, "lock"), `${JSON.stringify({ pid: DEAD, host: hostname() })}\n`);
    const result = await assay(cwd, ["run", "train.csv"]);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toContain(`Broke the lock of process ${DEAD}`);
    expect(existsSync(join(cwd, WORK))).toBe(false);
  });

  test.each([
    ["both are aside", true, "in its place now"],
    ["only the old one is aside", false, "it is back"],
  ])("puts right a replacement that was killed when %s", async (_, isComplete, says) => {
    const cwd = await madeFolder();
    const manifest = readFileSync(join(cwd, "train.assay/manifest.json"));
    mkdirSync(join(cwd, WORK));
    if (isComplete) cpSync(join(cwd, "train.assay"), join(cwd, WORK, "complete"), { recursive: true });
    renameSync(join(cwd, "train.assay"), join(cwd, WORK, "replaced"));
    writeFileSync(join(cwd, WORK, "lock"), `${JSON.stringify({ pid: DEAD, host: hostname() })}\n`);
    const result = await assay(cwd, ["verify", "train.assay"]);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toContain(says);
    expect(readFileSync(join(cwd, "train.assay/manifest.json"))).toEqual(manifest);
    expect(existsSync(join(cwd, WORK))).toBe(false);
  });

  test("killed while it writes leaves the old folder, and the next command clears up", async () => {
    const cwd = folder();
    // Hundreds of tiles, each synced: long enough to be seen on any machine.
    writeFileSync(join(cwd, "train.csv"), cleanCsv(100_000));
    const make = ["manifest", "train.csv", "--overwrite"];
    expect(await assay(cwd, make)).toMatchObject({ exitCode: 0 });
    const manifest = readFileSync(join(cwd, "train.assay/manifest.json"));
    let timer: NodeJS.Timeout | undefined;
    const killed = await assay(cwd, make, {
      onSpawn: (child) => {
        timer = setInterval(() => {
          if (existsSync(join(cwd, WORK, "writing"))) child.kill("SIGKILL");
        }, 1);
      },
    });
    clearInterval(timer);
    expect(killed.signal).toBe("SIGKILL");
    expect(readFileSync(join(cwd, "train.assay/manifest.json"))).toEqual(manifest);
    const next = await assay(cwd, ["verify", "train.assay"]);
    expect(next, next.stderr).toMatchObject({ exitCode: 0 });
    expect(next.stderr).toMatch(/interrupted run|Broke the lock/);
    expect(everythingIn(cwd).filter((path) => path.startsWith("."))).toEqual([]);
  });
});
