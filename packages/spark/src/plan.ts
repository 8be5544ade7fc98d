/**
 * A plan: what one call of `map` asks of the cluster, as files that never change. `header.json` names the task and binds
 * every bin by its digest; a bin is the work of one Spark task, a JSON line for each input (`{"unit":7,"input":BASE64}`).
 * The digest of the header is the plan's name: a kernel that was given it cannot work on anything else.
 *
 * Inputs and options are in the serialisation of V8 (structured clones), because they hold typed arrays and maps.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { VerificationError } from "@assay/merkle";
import type { Task } from "@assay/records";

export interface Plan {
  /** SHA-256 of the header, lower-case hex. */
  readonly id: string;
  /** `header.json`. */
  readonly header: Uint8Array;
  readonly bins: readonly PlanFile[];
  /** Number of inputs. Unit `i` is in bin `i % bins.length`. */
  readonly units: number;
}

interface PlanFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The work of one bin. */
export interface Bin {
  readonly task: Pick<Task, "module" | "name" | "options">;
  readonly units: readonly { readonly unit: number; readonly input: unknown }[];
}

interface PlanHeader {
  readonly format: typeof PLAN_FORMAT;
  readonly module: string;
  readonly name: string;
  readonly options: string;
  /** Version of V8: both ends must serialise alike. */
  readonly v8: string;
  readonly bins: readonly { readonly name: string; readonly sha256: string }[];
}

const PLAN_FORMAT = "assay-spark-plan/v1";
const HEADER_FILE = "header.json";

/**
 * Plans the work, dealing the inputs out to at most `maxBins` bins in turn.
 *
 * @throws TypeError for options or an input that cannot be sent to another process.
 */
export function buildPlan(
  { module, name, options }: Pick<Task, "module" | "name" | "options">,
  inputs: Iterable<unknown>,
  maxBins: number,
): Plan {
  const lines: string[] = [];
  for (const input of inputs) {
    const unit = lines.length;
    lines.push(`${JSON.stringify({ unit, input: encode(input, `Input ${unit} of task ${name}`) })}\n`);
  }
  const count = Math.min(maxBins, lines.length);
  const texts = Array.from({ length: count }, (): string[] => []);
  for (const [unit, line] of lines.entries()) (texts[unit % count] as string[]).push(line);
  const bins = texts.map(
    (own, bin): PlanFile => ({
      name: `bin-${String(bin).padStart(6, "0")}.jsonl`,
      bytes: Buffer.from(own.join("")),
    }),
  );
  const content: PlanHeader = {
    format: PLAN_FORMAT,
    module,
    name,
    options: encode(options, `The options of task ${name}`),
    v8: process.versions.v8,
    bins: bins.map((bin) => ({ name: bin.name, sha256: sha256(bin.bytes) })),
  };
  const header = Buffer.from(JSON.stringify(content));
  return { id: sha256(header), header, bins, units: lines.length };
}

/** Writes the files of a plan into a new folder. They can be read by their owner only: options may hold a leaf key. */
export async function writePlan(folder: string, plan: Plan): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  for (const { name, bytes } of [...plan.bins, { name: HEADER_FILE, bytes: plan.header }]) {
    await writeFile(join(folder, name), bytes, { flag: "wx", mode: 0o600 });
  }
}

/**
 * Reads one bin of a plan, on the cluster.
 *
 * @throws VerificationError `artefact-mismatch` when header or bin are not those of the plan, `version-mismatch` when
 * this Node serialises otherwise than the one that planned.
 */
export async function readBin(folder: string, plan: string, bin: number): Promise<Bin> {
  const header = JSON.parse((await readBound(join(folder, HEADER_FILE), plan)).toString()) as PlanHeader;
  if (header.format !== PLAN_FORMAT || header.v8 !== process.versions.v8) {
    throw new VerificationError(
      "version-mismatch",
      `The plan was made by V8 ${header.v8} (${header.format}), and this is V8 ${process.versions.v8} (${PLAN_FORMAT}). Use the same Node and the same @assay/spark on driver and executors`,
      { details: { expected: header.v8, actual: process.versions.v8 } },
    );
  }
  const file = header.bins[bin];
  if (file === undefined) throw new RangeError(`bin must be below ${header.bins.length}, not ${bin}`);
  const text = (await readBound(join(folder, file.name), file.sha256)).toString();
  const units = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { unit, input } = JSON.parse(line) as { unit: number; input: string };
      return { unit, input: decode(input) };
    });
  return { task: { module: header.module, name: header.name, options: decode(header.options) }, units };
}

async function readBound(path: string, expected: string): Promise<Buffer> {
  const bytes = await readFile(path);
  const actual = sha256(bytes);
  if (actual === expected) return bytes;
  throw new VerificationError("artefact-mismatch", `${path} is not the file of the plan: its SHA-256 is ${actual}`, {
    details: { path, expected, actual },
  });
}

function encode(value: unknown, what: string): string {
  try {
    return serialize(value).toString("base64");
  } catch (cause) {
    const advice = "It must be plain data; a source in memory must be written to files that the cluster can open";
    throw new TypeError(`${what} cannot be sent to a cluster: ${(cause as Error).message}. ${advice}`, { cause });
  }
}

function decode(text: string): unknown {
  return deserialize(Buffer.from(text, "base64"));
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
