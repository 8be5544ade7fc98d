/**
 * The trust policy, `assay-policy/v1` (docs/spec/envelope-and-policy.md): who may say what, how many of them must, and
 * what the checks must have answered. It comes from whoever decides, never from the folder that is judged.
 *
 * Everything that is demanded can only be met by evidence that is there, so removing evidence never helps.
 */

import type { Severity } from "@assay/checks";
import { OPERATIONS, type Operation } from "@assay/manifest";
import { FormatError, isAssayError, parseStrictJson } from "@assay/merkle";
import { z } from "zod";
import { parseInstant } from "./instant.js";
import { type PublicKey, parsePublicKey } from "./key.js";
import { instant, words } from "./predicates/fields.js";
import { PREDICATE_TYPES } from "./predicates/registry.js";
import { PREDICATE_BASE } from "./statement.js";

export const POLICY_FORMAT = "assay-policy/v1";

/** A key of a person and the time in which it counts. */
export interface PolicyKey {
  readonly key: PublicKey;
  /** From then on, inclusive; milliseconds since 1970. */
  readonly fromMs: number;
  /** Until then, exclusive. */
  readonly untilMs?: number;
  /** From then on nothing that the key signed counts, whenever it was signed. */
  readonly revokedMs?: number;
}

export interface Person {
  readonly name: string;
  readonly roles: readonly string[];
  readonly keys: readonly PolicyKey[];
}

/** At least `people` different people with this role signed a statement with this predicate. */
export interface Requirement {
  /** Full predicate type. */
  readonly predicate: string;
  readonly role: string;
  readonly people: number;
  /** Largest age of the statement at the trusted time, days of 24 hours. */
  readonly notOlderThanDays?: number;
}

/** What one signed check run must show. */
export interface CheckRules {
  /** Checks whose outcome must be `completed`. */
  readonly mustComplete: readonly string[];
  /** Most findings of each severity over all checks. A severity that is not named is not limited. */
  readonly maxFindings: Readonly<Partial<Record<Severity, number>>>;
  /** Columns that no check needs to have looked at. Every other one must have been. */
  readonly mayExclude: readonly string[];
  /** Smallest share of planted poison that each check of `mustComplete` must have found, 0 to 1. */
  readonly minPower?: number;
}

/** What the lineage must show; it is judged where the manifest names parents. */
export interface DerivationRules {
  /** Operations that are allowed. */
  readonly operations?: readonly Operation[];
  /** What each parent must at least be. */
  readonly parents?: "trusted" | "intact";
}

export interface Policy {
  readonly format: typeof POLICY_FORMAT;
  readonly people: readonly Person[];
  readonly require: readonly Requirement[];
  /** Pairs of roles that one person may not fill together on a data set. Default `[["producer", "approver"]]`. */
  readonly separate: readonly (readonly [string, string])[];
  readonly checks?: CheckRules;
  readonly derivations?: DerivationRules;
  /** Control → worst verdict that is accepted. */
  readonly controls?: Readonly<Record<string, "pass" | "partial">>;
  /** `derived`: every seed must come from the data; another text: the run must have used this seed. */
  readonly seed?: string;
}

/** Without `separate` in a policy: whoever produced does not approve. */
const DEFAULT_SEPARATE: Policy["separate"] = [["producer", "approver"]];

const name = words.max(200);

const schema = z.strictObject({
  format: z.literal(POLICY_FORMAT),
  people: z.record(
    name,
    z.strictObject({
      roles: z.array(name),
      keys: z.array(
        z.strictObject({ spki: z.string(), from: instant, until: instant.optional(), revoked: instant.optional() }),
      ),
    }),
  ),
  require: z.array(
    z.strictObject({
      predicate: words,
      role: name,
      people: z.int().min(1),
      notOlderThanDays: z.number().positive().optional(),
    }),
  ),
  separate: z.array(z.tuple([name, name])).optional(),
  checks: z
    .strictObject({
      mustComplete: z.array(words),
      maxFindings: z.strictObject({
        low: z.int().min(0).optional(),
        medium: z.int().min(0).optional(),
        high: z.int().min(0).optional(),
      }),
      mayExclude: z.array(z.string()),
      minPower: z.number().min(0).max(1).optional(),
    })
    .optional(),
  derivations: z
    .strictObject({
      operations: z.array(z.enum(OPERATIONS)).optional(),
      parents: z.enum(["trusted", "intact"]).optional(),
    })
    .optional(),
  controls: z.record(name, z.enum(["pass", "partial"])).optional(),
  seed: words.optional(),
});

/**
 * Parses a trust policy. An unknown member, a predicate type that is unknown here and a key that two people have are errors.
 *
 * @throws FormatError `bad-policy` naming the member
 * @example
 * const verdict = await verifyFolder(folder, { policy: parsePolicy(bytes), at });
 */
export function parsePolicy(bytes: Uint8Array): Policy {
  const value = parseStrictJson(bytes, {
    code: "bad-policy",
    subject: "the policy",
    maxDepth: 8,
    maxBytes: 4 * 1024 * 1024,
  });
  refusePrototypeKeys(value);
  const result = schema.safeParse(value);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    throw bad(`${path.length === 0 ? "it" : `"${path.join(".")}"`}: ${message}`);
  }
  const { people, require, separate, checks, derivations, controls, seed, format } = result.data;
  const parsed: Policy = {
    format,
    people: Object.entries(people).map(([person, { roles, keys }]) => ({
      name: person,
      roles: [...new Set(roles)],
      keys: keys.map((key, index) => parseKey(key, `people.${person}.keys.${index}`)),
    })),
    require: require.map(({ predicate, notOlderThanDays, ...rest }, index) => ({
      ...rest,
      predicate: parsePredicateType(predicate, `require.${index}.predicate`),
      ...(notOlderThanDays === undefined ? {} : { notOlderThanDays }),
    })),
    separate: separate ?? DEFAULT_SEPARATE,
    ...(checks === undefined ? {} : { checks: checks as CheckRules }),
    ...(derivations === undefined ? {} : { derivations: derivations as DerivationRules }),
    ...(controls === undefined ? {} : { controls }),
    ...(seed === undefined ? {} : { seed }),
  };
  checkPeople(parsed);
  return parsed;
}

/** zod drops a member `__proto__` of a record without a word; a person or control of that name would be lost. */
function refusePrototypeKeys(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (Object.hasOwn(value, "__proto__")) throw bad('it has a member "__proto__"');
  Object.values(value).forEach(refusePrototypeKeys);
}

function bad(what: string): FormatError {
  return new FormatError("bad-policy", `Cannot read the policy: ${what}.`);
}

function parseKey(
  key: { spki: string; from: string; until?: string | undefined; revoked?: string | undefined },
  place: string,
): PolicyKey {
  let parsed: PublicKey;
  try {
    parsed = parsePublicKey(key.spki);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    throw new FormatError("bad-policy", `Cannot read the policy: "${place}.spki": ${error.message}`, { cause: error });
  }
  const fromMs = parseInstant(key.from)!;
  const untilMs = key.until === undefined ? undefined : parseInstant(key.until)!;
  if (untilMs !== undefined && untilMs <= fromMs) throw bad(`"${place}.until" is not after "from"`);
  return {
    key: parsed,
    fromMs,
    ...(untilMs === undefined ? {} : { untilMs }),
    ...(key.revoked === undefined ? {} : { revokedMs: parseInstant(key.revoked)! }),
  };
}

/** `check-run/v1` is short for the full type. A type that is unknown here could never be met. */
function parsePredicateType(text: string, place: string): string {
  const predicateType = text.includes(":") ? text : PREDICATE_BASE + text;
  if (PREDICATE_TYPES.includes(predicateType)) return predicateType;
  throw bad(`"${place}" is "${text}", which is not one of ${PREDICATE_TYPES.join(", ")}`);
}

/** A key that speaks for two people would let one of them count as two. */
function checkPeople({ people, separate }: Policy): void {
  const owners = new Map<string, string>();
  for (const person of people) {
    for (const { key } of person.keys) {
      const owner = owners.get(key.keyId);
      if (owner !== undefined) {
        throw bad(
          `key ${key.keyId} is listed twice, for "${owner}" and "${person.name}"; a key speaks for one person, once`,
        );
      }
      owners.set(key.keyId, person.name);
    }
  }
  for (const [left, right] of separate) {
    if (left === right) throw bad(`"separate" names "${left}" twice in a pair; use "people" to ask for more than one`);
  }
}

/** Name of the one person of a policy that was made from a key. */
export const TRUSTED_KEY_PERSON = "trusted key";

/**
 * The policy of `--trust PUB.pem`: whatever this key signed about the data set counts, its manifest first of all.
 * Nothing is demanded of the checks.
 */
export function policyOfKey(key: PublicKey): Policy {
  return {
    format: POLICY_FORMAT,
    people: [{ name: TRUSTED_KEY_PERSON, roles: [], keys: [{ key, fromMs: Number.NEGATIVE_INFINITY }] }],
    require: [],
    separate: [],
  };
}
