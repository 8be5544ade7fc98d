/**
 * The config file (`assay.config.json` or `.yaml`): the options of a run, and what only people know. It is validated,
 * digested and bound into what is signed, so that a statement says under which rules it was made.
 */

import { canonicalJson, FormatError, sha256, toHex } from "@assay/merkle";
import { DEFAULT_LIMITS, KNOWN_FORMATS } from "@assay/records";
import { parse as parseYaml } from "yaml";
import { z } from "zod";

const text = z.string().min(1).max(4096);
const columns = z.array(text).max(100_000);
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "a day is YYYY-MM-DD");

const person = z.strictObject({
  name: text.describe("Who it is; a person, not a team"),
  contact: text.optional().describe("How to reach them"),
});

const readingSchema = z.strictObject({
  format: z.enum(KNOWN_FORMATS).optional(),
  schema: z.record(z.string(), z.unknown()).optional().describe("Declared schema, as `--schema` takes it"),
  null: z.array(z.string().max(4096)).optional().describe("Unquoted CSV fields that are null"),
  delimiter: z.string().max(2).optional(),
  quote: z.string().max(2).optional(),
  escape: z.string().max(2).optional(),
  encoding: z.enum(["utf-8", "utf-16le", "utf-16be", "windows-1252"]).optional(),
  header: z.boolean().optional(),
  ignore: z.array(text).optional().describe("Patterns of paths that are left out"),
  leafFormat: z.enum(["assay-record/v1", "raw/v1"]).optional(),
  limits: z
    .partialRecord(
      z.enum(Object.keys(DEFAULT_LIMITS) as [keyof typeof DEFAULT_LIMITS]),
      z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
    )
    .optional()
    .describe("Caps on hostile input, as `--limit` takes them"),
});

const checkingSchema = z.strictObject({
  label: text.optional().describe("Column that holds the label"),
  labels: columns.optional().describe("Columns of several labels a record, each judged by itself"),
  exclude: columns.optional().describe("Columns that are never looked at: ids, known answers"),
  features: columns.optional().describe("Only these columns as features"),
  text: text.optional(),
  image: text.optional().describe("Column that holds images: bytes of PNG or JPEG"),
  source: text.optional().describe("Column that names who supplied a record"),
  annotator: text.optional().describe("Column that names who labelled a record"),
  annotations: columns.optional().describe("Columns that hold the labels of one annotator each"),
  item: text.optional().describe("Column that names what was labelled, where several people labelled the same"),
  time: text.optional(),
  split: text.optional(),
  trusted: text.optional().describe("Records that are trusted to be good: COLUMN=VALUE, or a file that holds them"),
  probabilities: text.optional().describe("File of class probabilities, from the config file's folder"),
  embeddings: text.optional().describe("File of embeddings, from the config file's folder"),
  baseline: text
    .optional()
    .describe("Folder of an earlier run, from the config file's folder: drift is measured from it"),
  checks: z.array(text).optional().describe("Ids of the checks to run; default all that the data allows"),
  options: z
    .record(text, z.record(text, z.union([z.number(), text])))
    .optional()
    .describe("Options of single checks, by check id"),
  require: z.array(text).optional().describe("Checks that must complete"),
  fdr: z.number().gt(0).lt(1).optional().describe("Largest expected false share among findings; default 0.05"),
  seed: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  failOn: z.enum(["low", "medium", "high", "none"]).optional().describe("Findings from here up fail the run"),
  power: z
    .boolean()
    .optional()
    .describe("Measure what each check could have seen, by known poison in copies of the data"),
});

const sourceSchema = z.strictObject({
  name: text,
  kind: z.enum(["internal", "purchased", "shared", "open", "synthetic"]),
  uri: text.optional(),
  acquiredAt: day.describe("When it was obtained"),
  method: text.describe("How it was obtained"),
  acquirer: text.describe("Who obtained it"),
  licence: text.describe("SPDX id, or the name of the contract"),
  paths: z.array(text).min(1).optional().describe("Patterns of the files that came from it"),
  restrictions: z.array(text).optional().describe("Uses that the licence forbids"),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe("SHA-256 of what was obtained, taken when it was obtained"),
  generator: text.optional().describe("Synthetic sources: what made it, with version"),
});

const requirementSchema = z.strictObject({
  id: text,
  statement: text.describe("What the data must be like"),
  level: z.enum(["shall", "should"]).optional(),
  check: text.describe("The check that measures it"),
  maxRate: z.number().min(0).max(1).optional().describe("Largest estimated share of bad records"),
  maxFindings: z.number().int().min(0).optional(),
});

/** The config file's schema. Unknown members are refused. */
export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  name: text.optional().describe("Name of the data set"),
  version: z
    .string()
    .regex(/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/)
    .optional()
    .describe("MAJOR.MINOR.PATCH; checked against the parent"),
  data: z.array(text).optional().describe("Files and folders, from the config file's folder"),
  reading: readingSchema.optional(),
  checks: checkingSchema.optional(),
  splits: z
    .union([z.strictObject({ column: text }), z.strictObject({ paths: z.record(text, text) })])
    .optional()
    .describe("How records fall into splits: by a column, or by path patterns"),
  owner: person.optional().describe("Answers for the data set"),
  steward: person.optional().describe("Looks after it day by day"),
  approver: person.optional().describe("Decides on its release; not the one who made it"),
  category: z.enum(["train", "validation", "test", "production", "mixed"]).optional(),
  intendedUse: text.optional(),
  labeling: text.optional().describe("How labels were given, by whom, under which guideline"),
  preparation: text.optional().describe("What was done to the data and why"),
  knownBias: text.optional(),
  lastUpdate: day.optional(),
  retention: z.strictObject({ until: day, reason: text.optional() }).optional(),
  risk: z.strictObject({ appetite: text, exposure: z.array(text).optional() }).optional(),
  sources: z.array(sourceSchema).optional().describe("Where the data came from"),
  requirements: z.array(requirementSchema).optional().describe("Quality requirements, stated before measuring"),
  declared: z
    .strictObject({ records: z.number().int().min(0).optional(), columns: columns.optional() })
    .optional()
    .describe("What is believed of the data; the manifest says whether it is so"),
});

/** A validated config file. */
export type AssayConfig = z.infer<typeof configSchema>;

/** The JSON Schema of the config file, for editors. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(configSchema);
}

/**
 * Reads a config file: JSON, or YAML when the name ends in `.yaml` or `.yml`.
 *
 * @param source The file's text, or its bytes in UTF-8.
 * @param path Its name, for the format and for messages.
 * @throws FormatError `bad-config`, naming every member that is wrong.
 */
export function parseConfig(source: string | Uint8Array, path: string): AssayConfig {
  let value: unknown;
  try {
    const text = typeof source === "string" ? source : new TextDecoder("utf-8", { fatal: true }).decode(source);
    value = /\.ya?ml$/i.test(path) ? parseYaml(text, { maxAliasCount: 0, uniqueKeys: true }) : JSON.parse(text);
  } catch (cause) {
    throw new FormatError(
      "bad-config",
      `${path} is not valid ${/\.ya?ml$/i.test(path) ? "YAML" : "JSON"}: ${(cause as Error).message}`,
      {
        cause,
        details: { path },
      },
    );
  }
  const result = configSchema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 10).map((issue) => ({
    at: issue.path.join(".") || "(top)",
    message: issue.message,
  }));
  throw new FormatError(
    "bad-config",
    `${path} is no config of Assay: ${issues.map((issue) => `${issue.at}: ${issue.message}`).join("; ")}`,
    { details: { path, issues } },
  );
}

/** SHA-256 of the config's RFC 8785 form, lower-case hex. Comments and layout of the file do not matter. */
export function configDigest(config: AssayConfig): string {
  return toHex(sha256(new TextEncoder().encode(canonicalJson(config))));
}
