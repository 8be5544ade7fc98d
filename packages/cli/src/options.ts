/** Options that several commands share, with one meaning each, and how their texts become values. */

import { availableParallelism } from "node:os";
import {
  type CheckingChoice,
  type CheckOptions,
  DEFAULT_LIMITS,
  KNOWN_FORMATS,
  type LeafRange,
  type Limits,
  type Output,
  parseConfig,
  parseLeafKeyFile,
  parseSchema,
  type ReadingChoice,
  readNamedFile,
  type SigningChoice,
  UsageError,
} from "@assay/assay/commands";
import { type Command, InvalidArgumentError, Option } from "commander";
import { readPassphrase } from "./passphrase.js";

const list = (text: string, previous: readonly string[] = []): string[] => [
  ...previous,
  ...text.split(",").filter((item) => item !== ""),
];
const repeated = (text: string, previous: readonly string[] = []): string[] => [...previous, text];

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1.");
  return Number(text);
}

function ordinal(text: string): number {
  if (!/^(0|[1-9]\d{0,15})$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 0.");
  return Number(text);
}

/** `3,17,100-199` as ranges, ends exclusive; each use of the option is one list. */
function ordinals(text: string, previous: readonly LeafRange[][] = []): LeafRange[][] {
  const ranges = text.split(",").map((part): [number, number] => {
    const [first, last] = part.split("-", 2) as [string, string?];
    const [begin, end] = [ordinal(first), ordinal(last ?? first)];
    if (part.split("-").length > 2 || end < begin)
      throw new InvalidArgumentError("It must be ordinals from 0, and ranges of them: 3,17,100-199.");
    return [begin, end + 1];
  });
  const joined: [number, number][] = [];
  for (const [begin, end] of ranges.sort(([a], [b]) => a - b)) {
    const before = joined.at(-1);
    if (before !== undefined && begin <= before[1]) before[1] = Math.max(before[1], end);
    else joined.push([begin, end]);
  }
  return [...previous, joined];
}

function share(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || !(value > 0 && value < 1))
    throw new InvalidArgumentError("It must lie between 0 and 1, for example 0.05.");
  return value;
}

function hex64(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError("It must be 64 lower-case hex digits.");
  return text;
}

/** A whole number is the 64 hex digits that it has in base 16, as `runChecks` takes it. */
function checkSeed(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  if (!/^(0|[1-9]\d{0,15})$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new InvalidArgumentError("It must be a whole number from 0, or 64 lower-case hex digits.");
  return BigInt(text).toString(16).padStart(64, "0");
}

function version(text: string): string {
  if (!/^(?:(?:^|\.)(?:0|[1-9]\d{0,30})){3}$/.test(text))
    throw new InvalidArgumentError("It must be MAJOR.MINOR.PATCH, for example 1.2.0.");
  return text;
}

export const parsers = { list, repeated, positiveInteger, ordinal, ordinals, share, hex64, version };

/** What can be named as data. */
export const DATA_ARGUMENT = "files, folders, globs in quotes, http(s) URLs or s3:// locations; - is standard input";

/** `--json`, `--quiet`, `--workers`: every command has them. */
export function addCommonOptions(command: Command): Command {
  return command
    .option("--json", "print one JSON document on stdout")
    .option("--quiet", "no progress and no remarks on stderr")
    .option(
      "--workers <n>",
      `worker threads (default: ${Math.min(8, availableParallelism())} here); never changes a result`,
      positiveInteger,
    )
    .option(
      "--timeout <seconds>",
      "a server that sends next to nothing for so long has stalled: try again, five times in all (default: 30)",
      positiveInteger,
    )
    .option(
      "--limit <name=number>",
      `another cap on hostile input (repeatable): ${LIMITS.join(", ")}; K, M and G mean 2^10, 2^20 and 2^30`,
      limit,
    );
}

const LIMITS = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];

/** `maxRecordBytes=512M`, added to those before. */
function limit(text: string, previous: Partial<Limits> = {}): Partial<Limits> {
  const [, name, digits, unit = ""] = /^([A-Za-z]+)=([1-9]\d{0,15})([KMG]?)$/.exec(text) ?? [];
  const value = Number(digits) * 1024 ** " KMG".indexOf(unit || " ");
  if (!LIMITS.includes(name as keyof Limits) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError(`It must be NAME=NUMBER, with a name of ${LIMITS.join(", ")}: maxRecordBytes=512M.`);
  return { ...previous, [name as keyof Limits]: value };
}

/** What to say where a cap was hit that `--limit` moves; else nothing. */
export function limitHint(code: string | undefined, details: unknown): string {
  const { limit: name, value } = (details ?? {}) as { readonly limit?: unknown; readonly value?: unknown };
  if (code !== "limit-exceeded" || !LIMITS.includes(name as keyof Limits)) return "";
  return ` (--limit ${name as string}=NUMBER, now ${value as number})`;
}

/** How data is read. */
export function addReadingOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--format <format>", "format of the data (default: by name and content)").choices(KNOWN_FORMATS),
    )
    .option("--schema <file>", "declared schema (JSON): types of columns")
    .option("--null <texts>", "unquoted CSV fields that are null, besides the empty one", list)
    .option("--delimiter <character>", "CSV delimiter (default: a comma; tsv: a tab)")
    .option("--quote <character>", 'CSV quote (default: "; empty: nothing is quoted)')
    .option("--escape <character>", "CSV escape inside quotes (default: the quote, doubled)")
    .option("--encoding <encoding>", "CSV encoding: utf-8, utf-16le, utf-16be, windows-1252")
    .option("--no-header", "CSV without a line of names: columns are column_1, column_2, …")
    .option("--query <sql>", "the rows of a SELECT that DuckDB runs, on the database file that is named or on none")
    .option("--path <name>", "path in the data set of what comes from one URL, standard input or a query")
    .option("--ignore <glob>", "leave out paths that match (repeatable; * is not /, ** is anything)", repeated)
    .option("--strict-paths", "refuse paths that differ only in case or Unicode form")
    .addOption(
      new Option("--leaf-format <format>", "how leaves are made (default: assay-record/v1)").choices([
        "assay-record/v1",
        "raw/v1",
      ]),
    )
    .option("--leaf-key <file>", "salt leaves with this key, so that published roots cannot be used to guess records")
    .option("--split <column>", "column that names the split of a record")
    .option("--split-paths <name=glob>", "files of a split (repeatable)", repeated);
}

/** A corpus that is given as a list of URLs. */
export function addUrlOptions(command: Command): Command {
  return command
    .option("--urls <file>", "the data is this list of URLs: fetch each, and pin what is there in urls.jsonl")
    .option("--url-column <name>", "column of the list that holds URLs (default: url; of text files the line)");
}

/** The data of a command: a list of URLs is all of it. */
export function dataChoice(data: readonly string[], values: Values): string[] {
  if (values.urls === undefined) {
    if (values.urlColumn !== undefined) throw new UsageError("--url-column names a column of a list: --urls LIST");
    return [...data];
  }
  if (data.length > 0) throw new UsageError("--urls names the list, which is all of the data: name no other");
  return [values.urls as string];
}

/** What is checked. */
export function addCheckingOptions(command: Command): Command {
  return command
    .option("--label <column>", "column that holds the label")
    .option(
      "--labels <columns>",
      "columns of several labels a record, each judged by itself (yes and no, or classes)",
      list,
    )
    .option("--exclude <columns>", "never look at these: ids, known answers (the policy must allow it)", list)
    .option("--features <columns>", "only these columns as features", list)
    .option("--text <column>", "column of long text")
    .option("--image <column>", "column that holds images: bytes of PNG or JPEG")
    .option("--source <column>", "column that names who supplied a record")
    .option("--annotator <column>", "column that names who labelled a record")
    .option("--annotations <columns>", "columns that hold the labels of one annotator each; a record is an item", list)
    .option("--item <column>", "column that names what was labelled, where several people labelled the same")
    .option("--time <column>", "column that says when a record was made")
    .option(
      "--trusted <which>",
      "records that are trusted to be good, which calibrate the others: COLUMN=VALUE, or a file that holds them",
    )
    .option("--probabilities <file>", "class probabilities made out of fold, one row a record, one column a class")
    .option("--embeddings <file>", "embeddings, one row a record (.npy, .safetensors, CSV, TSV, JSONL, Arrow, Parquet)")
    .option("--baseline <dir>", "folder of an earlier run: what drifted away from it?")
    .option("--checks <ids>", "run only these checks (see `assay explain checks`)", list)
    .option(
      "--check-option <check.name=value>",
      "an option of one check (repeatable; `assay explain CHECK` lists them): near-duplicates.similarity=0.9",
      checkOption,
    )
    .option("--require <ids>", "checks that must complete, or exit 1", list)
    .option("--fdr <share>", "largest expected false share among findings (default: 0.05)", share)
    .option(
      "--seed <n>",
      "seed of sampling, a whole number or 64 hex digits (default: from the data itself)",
      checkSeed,
    )
    .addOption(
      new Option("--fail-on <severity>", "findings from here up exit 1 (default: high)").choices([
        "low",
        "medium",
        "high",
        "none",
      ]),
    )
    .option(
      "--power",
      "plant known poison in copies and say what each check could have seen (up to seven times the work of the checks)",
    )
    .option("--show-values", "with a leaf key: write values into findings all the same");
}

/** `near-duplicates.similarity=0.9`, added to those before. Ids hold dots; names of options do not. */
function checkOption(text: string, previous: CheckOptions = {}): CheckOptions {
  const [, id, name, value] = /^([a-z.-]+)\.([A-Za-z]+)=(.+)$/.exec(text) ?? [];
  if (id === undefined || name === undefined || value === undefined)
    throw new InvalidArgumentError("It must be CHECK.NAME=VALUE: near-duplicates.similarity=0.9.");
  const number = /^-?\d*\.?\d+(e-?\d+)?$/i.test(value) ? Number(value) : value;
  return { ...previous, [id]: { ...previous[id], [name]: number } };
}

/** Where leaves go that are too many for memory. */
export function addTempOption(command: Command): Command {
  return command.option(
    "--temp <dir>",
    "folder for leaves above 4 million records, 40 bytes a record (default: around the folder that is written)",
  );
}

/** Where the folder goes. */
export function addOutputOptions(command: Command): Command {
  return command
    .option(
      "-o, --output <dir>",
      "folder to write (default: <name>.assay beside the first input; of a glob, in the folder in front of its first star)",
    )
    .option("--overwrite", "replace an existing folder")
    .addOption(
      new Option("--keep <what>", "what is kept for later proofs (default: tiles)").choices([
        "tiles",
        "leaves",
        "blocks",
        "none",
      ]),
    );
}

/** Signing. */
export function addSigningOptions(command: Command): Command {
  return command
    .option("--key <file>", "sign with this private key (`assay keygen` makes one)")
    .option("--role <name>", "role in which you sign (default: producer)")
    .option("--passphrase-fd <n>", "read the key's passphrase from this file descriptor", ordinal);
}

type Values = Readonly<Record<string, unknown>>;

export async function readingChoice(values: Values, config: Values = {}): Promise<ReadingChoice> {
  const reading = (config.reading ?? {}) as Values;
  const pick = <T>(name: string, fallback: unknown = reading[name]): T | undefined =>
    (values[name] ?? fallback) as T | undefined;
  const schemaPath = values.schema as string | undefined;
  const schema =
    schemaPath !== undefined
      ? parseSchema(await readNamedFile("--schema", schemaPath))
      : reading.schema !== undefined
        ? parseSchema(new TextEncoder().encode(JSON.stringify(reading.schema)))
        : undefined;
  const encoding = pick<string>("encoding");
  if (encoding !== undefined && !["utf-8", "utf-16le", "utf-16be", "windows-1252"].includes(encoding))
    throw new UsageError(`--encoding ${encoding}: it is one of utf-8, utf-16le, utf-16be, windows-1252`);
  const delimiter = pick<string>("delimiter");
  const quote = pick<string>("quote");
  const escapeCharacter = pick<string>("escape");
  const dialect = {
    ...(delimiter !== undefined && delimiter !== "," && { delimiter: delimiter === "\\t" ? "\t" : delimiter }),
    ...(quote !== undefined && quote !== '"' && { quote }),
    ...(escapeCharacter !== undefined && { escape: escapeCharacter }),
    ...(encoding !== undefined && encoding !== "utf-8" && { encoding: encoding as "utf-16le" }),
    ...((values.header === false || reading.header === false) && { header: false as const }),
  };
  const leafKeyPath = values.leafKey as string | undefined;
  const splitPaths = values.splitPaths as string[] | undefined;
  const column = values.split as string | undefined;
  if (column !== undefined && splitPaths !== undefined)
    throw new UsageError("--split and --split-paths cannot be used together: splits are made by one rule");
  const splits =
    column !== undefined
      ? { column }
      : splitPaths !== undefined
        ? { paths: Object.fromEntries(splitPaths.map(splitPath)) }
        : (config.splits as ReadingChoice["splits"]);
  const nullValues = pick<string[]>("null");
  const ignore = pick<string[]>("ignore");
  return {
    ...(pick("format") !== undefined && { format: pick<NonNullable<ReadingChoice["format"]>>("format") as never }),
    ...(schema !== undefined && { schema }),
    ...(nullValues !== undefined && { nullValues }),
    ...(Object.keys(dialect).length > 0 && { dialect }),
    ...(values.query !== undefined && { query: values.query as string }),
    ...(values.path !== undefined && { path: values.path as string }),
    ...(reading.limits !== undefined && { limits: reading.limits as Partial<Limits> }),
    ...(values.urls !== undefined && { urls: true }),
    ...(values.urlColumn !== undefined && { urlColumn: values.urlColumn as string }),
    ...(ignore !== undefined && { ignore }),
    ...(values.strictPaths === true && { strictPaths: true }),
    ...(pick("leafFormat") !== undefined && { leafFormat: pick<string>("leafFormat") as "raw/v1" }),
    ...(leafKeyPath !== undefined && { leafKey: parseLeafKeyFile(await readNamedFile("--leaf-key", leafKeyPath)) }),
    ...(splits !== undefined && { splits }),
  };
}

function splitPath(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at <= 0) throw new UsageError(`--split-paths ${text}: it is NAME=GLOB, for example train=train/**`);
  return [text.slice(0, at), text.slice(at + 1)];
}

export function checkingChoice(values: Values, config: Values = {}): CheckingChoice {
  const checks = (config.checks ?? {}) as Values;
  const pick = (name: string): unknown => values[name] ?? checks[name];
  const roles = {
    ...Object.fromEntries(
      [
        "label",
        "labels",
        "exclude",
        "features",
        "text",
        "image",
        "source",
        "annotator",
        "annotations",
        "item",
        "time",
        "split",
      ]
        .map((name) => [name, pick(name)])
        .filter(([, value]) => value !== undefined),
    ),
  };
  const options = { ...(checks.options as CheckOptions | undefined) };
  for (const [id, given] of Object.entries((values.checkOption ?? {}) as CheckOptions))
    options[id] = { ...options[id], ...given };
  return {
    roles,
    ...(Object.keys(options).length > 0 && { checkOptions: options as CheckOptions }),
    // That of the config file is relative to it, and is read there.
    ...(values.baseline !== undefined && { baseline: values.baseline as string }),
    ...Object.fromEntries(
      ["trusted", "probabilities", "embeddings"]
        .map((name) => [name, values[name]])
        .filter(([, path]) => path !== undefined),
    ),
    ...Object.fromEntries(
      ["checks", "require", "fdr", "seed", "failOn", "power", "showValues"]
        .map((name) => [name, name === "checks" ? (values.checks ?? checks.checks) : pick(name)])
        .filter(([, value]) => value !== undefined),
    ),
  };
}

export function outputChoice(values: Values): Output {
  return {
    ...(values.temp !== undefined && { temp: values.temp as string }),
    ...(values.output !== undefined && { directory: values.output as string }),
    ...(values.overwrite === true && { overwrite: true }),
    ...(values.keep !== undefined && { keep: values.keep as "tiles" }),
  };
}

export async function signingChoice(values: Values): Promise<SigningChoice | undefined> {
  if (values.key === undefined) {
    if (values.role !== undefined || values.passphraseFd !== undefined)
      throw new UsageError("--role and --passphrase-fd need --key: which key should sign?");
    return undefined;
  }
  const key = values.key as string;
  const passphrase = await readPassphrase(key, values.passphraseFd as number | undefined);
  return {
    key,
    ...(passphrase !== undefined && { passphrase }),
    ...(values.role !== undefined && { role: values.role as string }),
  };
}

/** The config file that `--config` names. */
export async function configChoice(values: Values): Promise<{ config: Values; path: string } | undefined> {
  const path = values.config as string | undefined;
  if (path === undefined) return undefined;
  return { config: await parseConfig(await readNamedFile("--config", path), path), path };
}
