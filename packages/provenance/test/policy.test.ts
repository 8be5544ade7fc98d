import { beforeAll, describe, expect, test } from "vitest";
import { parsePublicKey } from "../src/key.js";
import { parsePolicy, policyOfKey, TRUSTED_KEY_PERSON } from "../src/policy.js";
import { type Actor, actor, keyOf, type PolicyText, person, utf8 } from "./sample-folder.js";

let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  [alice, bob] = (await Promise.all([actor(), actor()])) as [Actor, Actor];
});

const parse = (value: unknown) => parsePolicy(utf8(typeof value === "string" ? value : JSON.stringify(value)));
const badPolicy = expect.objectContaining({ code: "bad-policy", name: "FormatError" });

function whole(): PolicyText {
  return {
    format: "assay-policy/v1",
    people: {
      alice: {
        roles: ["producer"],
        keys: [keyOf(alice, { until: "2027-01-01T00:00:00Z", revoked: "2026-06-01T00:00:00Z" })],
      },
      bob: person(bob, ["approver"]),
    },
    require: [
      { predicate: "urn:assay:predicate:check-run/v1", role: "producer", people: 1, notOlderThanDays: 30 },
      { predicate: "https://slsa.dev/provenance/v1", role: "producer", people: 1 },
    ],
    checks: { mustComplete: ["outliers"], maxFindings: { high: 0, medium: 5 }, mayExclude: ["id"], minPower: 0.8 },
    separate: [["producer", "approver"]],
    derivations: { operations: ["filter"], parents: "trusted" },
    controls: { "A.7.4": "partial" },
    seed: "42",
  };
}

describe("parsePolicy()", () => {
  test("parsePolicy() reads every field", () => {
    const policy = parse(whole());
    expect(policy.people.map(({ name, roles, keys }) => [name, roles, keys.length])).toEqual([
      ["alice", ["producer"], 1],
      ["bob", ["approver"], 1],
    ]);
    expect(policy.people[0]!.keys[0]).toMatchObject({
      key: { keyId: alice.signer.keyId },
      fromMs: Date.parse("2026-01-01T00:00:00Z"),
      untilMs: Date.parse("2027-01-01T00:00:00Z"),
      revokedMs: Date.parse("2026-06-01T00:00:00Z"),
    });
    const { people: _, require: __, format: ___, ...rest } = whole();
    expect(policy).toMatchObject(rest);
    expect(policy.require[0]).toEqual({
      predicate: "urn:assay:predicate:check-run/v1",
      role: "producer",
      people: 1,
      notOlderThanDays: 30,
    });
  });

  test("parsePolicy() takes short predicate types, keys as base64, and keeps producer and approver apart by default", () => {
    const spki = alice.spki.replace(/-----[A-Z ]+-----|\n/g, "");
    const policy = parse({
      format: "assay-policy/v1",
      people: { alice: person({ ...alice, spki }, ["producer"]) },
      require: [{ predicate: "review/v1", role: "approver", people: 1 }],
    });
    expect(policy.people[0]!.keys[0]!.key.keyId).toBe(alice.signer.keyId);
    expect(policy.require[0]!.predicate).toBe("urn:assay:predicate:review/v1");
    expect(policy.separate).toEqual([["producer", "approver"]]);
    expect(policy.checks).toBeUndefined();
  });

  const changes: Record<string, (policy: PolicyText) => unknown> = {
    "another format": (policy) => ({ ...policy, format: "assay-policy/v2" }),
    "an unknown member": (policy) => ({ ...policy, people2: {} }),
    "no people": ({ people: _, ...policy }) => policy,
    "no requirements": ({ require: _, ...policy }) => policy,
    "an unknown member of a person": (policy) => ({ ...policy, people: { eve: { roles: [], keys: [], admin: true } } }),
    "a key without from": (policy) => ({ ...policy, people: { eve: { roles: [], keys: [{ spki: alice.spki }] } } }),
    "an unknown member of a key": (policy) => ({
      ...policy,
      people: { eve: { roles: [], keys: [keyOf(alice, { alg: "none" })] } },
    }),
    "a key that is none": (policy) => ({ ...policy, people: { eve: { roles: [], keys: [keyOf({ spki: "AAAA" })] } } }),
    "a key that ends before it begins": (policy) => ({
      ...policy,
      people: { eve: person(alice, [], { until: "2025-01-01T00:00:00Z" }) },
    }),
    "an instant that is a date": (policy) => ({
      ...policy,
      people: { eve: person(alice, [], { from: "2026-01-01" }) },
    }),
    "a key that two people have": (policy) => ({
      ...policy,
      people: { eve: person(alice, []), mallory: person(alice, []) },
    }),
    "a key that one person has twice": (policy) => ({
      ...policy,
      people: { eve: { roles: [], keys: [keyOf(alice), keyOf(alice)] } },
    }),
    "a predicate type that is unknown": (policy) => ({
      ...policy,
      require: [{ predicate: "scan/v1", role: "x", people: 1 }],
    }),
    "a threshold of nobody": (policy) => ({ ...policy, require: [{ predicate: "review/v1", role: "x", people: 0 }] }),
    "a threshold of half a person": (policy) => ({
      ...policy,
      require: [{ predicate: "review/v1", role: "x", people: 1.5 }],
    }),
    "an unknown severity": (policy) => ({
      ...policy,
      checks: { mustComplete: [], maxFindings: { critical: 0 }, mayExclude: [] },
    }),
    "rules for checks that leave mayExclude open": (policy) => ({
      ...policy,
      checks: { mustComplete: [], maxFindings: {} },
    }),
    "power above one": (policy) => ({
      ...policy,
      checks: { mustComplete: [], maxFindings: {}, mayExclude: [], minPower: 2 },
    }),
    "a role apart from itself": (policy) => ({ ...policy, separate: [["x", "x"]] }),
    "a verdict that is no demand": (policy) => ({ ...policy, controls: { "A.7.4": "gap" } }),
    "a list": () => [],
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`parsePolicy() refuses ${what}`, () => {
      expect(() => parse(change(whole()))).toThrow(badPolicy);
    });
  }

  test("parsePolicy() refuses members that are there twice, __proto__, and text that is not JSON", () => {
    const text = JSON.stringify(whole());
    expect(() => parse(text.replace('"seed":"42"', '"seed":"42","seed":"43"'))).toThrow(badPolicy);
    expect(() => parse(text.replace('"alice":', '"__proto__":'))).toThrow(badPolicy);
    expect(() => parse(`${text},`)).toThrow(badPolicy);
    expect(() => parse("")).toThrow(badPolicy);
  });

  test("parsePolicy() says which member is wrong", () => {
    expect(() => parse({ ...whole(), require: [{ predicate: "review/v1", role: "x", people: 0 }] })).toThrow(
      /"require\.0\.people"/,
    );
  });
});

describe("policyOfKey()", () => {
  test("policyOfKey() is one person with one key for all time who need only have signed the manifest", () => {
    const key = parsePublicKey(alice.spki);
    expect(policyOfKey(key)).toMatchObject({ people: [{ name: TRUSTED_KEY_PERSON, keys: [{ key }] }], require: [] });
  });
});
