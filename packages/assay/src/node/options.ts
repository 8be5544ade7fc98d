/** The options that several operations share. They mean the same thing everywhere they appear. */

import type { CheckOptions, Roles } from "@assay/checks";
import type { DeclaredSchema, Dialect, Format, LeafFormat, Limits, Progress, SplitRule } from "@assay/records";
import type { Spool } from "@assay/records/node";

/** How data is read. */
export interface ReadingChoice {
  /** Format of all named files; default by name and content. */
  readonly format?: Format;
  readonly schema?: DeclaredSchema;
  /** Unquoted CSV fields that are null, besides the empty one. */
  readonly nullValues?: readonly string[];
  readonly dialect?: Dialect;
  /** A query that DuckDB runs; the input is its database then, or there is none. */
  readonly query?: string;
  /** Path inside the data set of a single URL, of standard input or of a query. */
  readonly path?: string;
  /** Whether the input is a list of URLs: what is behind them is fetched, and pinned in `urls.jsonl`. Default false. */
  readonly urls?: boolean;
  /** Column of the list that holds URLs. Default `url`; of text files the line. */
  readonly urlColumn?: string;
  /** Caps on hostile input that are not the defaults; those of the work win. */
  readonly limits?: Partial<Limits>;
  /** Patterns of paths that are left out. */
  readonly ignore?: readonly string[];
  /** Refuse paths that differ only in case or Unicode form. Default: a warning. */
  readonly strictPaths?: boolean;
  /** Default `assay-record/v1`. */
  readonly leafFormat?: LeafFormat;
  /** At least 32 bytes: leaves are salted with it. */
  readonly leafKey?: Uint8Array;
  readonly splits?: SplitRule;
}

/** What is checked, and when a finding fails the run. */
export interface CheckingChoice {
  readonly roles?: Roles;
  /** Records that are trusted to be good: `COLUMN=VALUE`, or the path of a file that holds them, each as it is in the data. */
  readonly trusted?: string;
  /** Path of a file of class probabilities, one row a record, one column a class. */
  readonly probabilities?: string;
  /** Path of a file of embeddings, one row a record. */
  readonly embeddings?: string;
  /** Ids of checks; default all that the data allows. */
  readonly checks?: readonly string[];
  /** Options of single checks, by check id. Default: those of the check. */
  readonly checkOptions?: CheckOptions;
  /** Folder of an earlier run, from which drift is measured. Default none. */
  readonly baseline?: string;
  /** Ids of checks that must complete, or the gate fails. */
  readonly require?: readonly string[];
  /** Largest expected false share among findings. Default 0.05. */
  readonly fdr?: number;
  /** 64 hex digits; default derived from the set root. */
  readonly seed?: string;
  /** Findings of this severity and above fail the gate. Default `"high"`. */
  readonly failOn?: "low" | "medium" | "high" | "none";
  /** Measure what each check could have seen. Default false. */
  readonly power?: boolean;
  /** With a leaf key: write values into findings all the same. Default false. */
  readonly showValues?: boolean;
}

/** How work is done; never what comes out. */
export interface Work {
  /** Worker threads. Default: the cores of the machine, at most 8. */
  readonly workers?: number;
  /** A server that sends next to nothing for so many milliseconds has stalled. Default 30,000. */
  readonly stallMs?: number;
  /** Caps on hostile input that are not the defaults. */
  readonly limits?: Partial<Limits>;
  /** A query whose rows are the data, instead of a file: for the data of a folder. Default none. */
  readonly dataQuery?: string;
  /** Where what can be read once (standard input, servers without ranges) is copied to. Default: such data is refused. */
  readonly spool?: Spool;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Remarks for people: types that nearly fit, paths that look alike. Hold data: escape them. */
  readonly onWarning?: (warning: string) => void;
}

/** Where a folder is written. */
export interface Output {
  /** Default `<name>.assay` beside the first input; of a glob, beside its files: in the folder in front of its first star. */
  readonly directory?: string;
  readonly overwrite?: boolean;
  /** Which tiles are kept for later proofs. Default `tiles` up to 10⁷ records, else `blocks`. */
  readonly keep?: "tiles" | "leaves" | "blocks" | "none";
  /** Existing folder for leaves that do not fit into memory, 36 bytes a record. Default: around the folder that is written. */
  readonly temp?: string;
  /** Most bytes of leaves (32 a record, twice that with splits) that are held in memory. Default 160 MiB. */
  readonly maxLeafBytes?: number;
}

/** A private key to sign with, and in which role. */
export interface SigningChoice {
  /** Path of a PKCS#8 PEM file. */
  readonly key: string;
  readonly passphrase?: string;
  /** Role that the signer claims; a policy decides. Default `producer`. */
  readonly role?: string;
}
