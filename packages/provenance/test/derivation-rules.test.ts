import { formatManifest, type ManifestHeader } from "@assay/manifest";
import { describe, expect, test } from "vitest";
import { faultsOfLineage, type ParentResult } from "../src/derivation-rules.js";
import type { Policy } from "../src/policy.js";
import { hexOf, judgeWith, SAMPLE, sampleFolder, utf8 } from "./sample-folder.js";

const { header } = SAMPLE;
const REMOVED = utf8('{"checks":[],"file":"train.csv","leaf":"","ordinal":0,"reason":""}\n');
const parent = { manifest: "ab".repeat(32), leaf: header.leaf, dataset: header.dataset, set: header.set };
const child: ManifestHeader = {
  ...header,
  derivation: { operation: "quarantine", parents: [parent], parameters: { removed: hexOf(REMOVED) } },
};

describe("faultsOfLineage()", () => {
  const policy = (derivations?: object) => ({ derivations }) as Policy;
  const faults = (derivations?: object, results?: ParentResult[]) =>
    faultsOfLineage(child, policy(derivations), results).length;
  const result = (of: ParentResult["parent"], edge: ParentResult["edge"]): ParentResult[] => [
    { manifest: parent.manifest, parent: of, edge },
  ];

  test("faultsOfLineage() asks nothing without rules or without a derivation", () => {
    expect(faults()).toBe(0);
    expect(faults({})).toBe(0);
    expect(faultsOfLineage(header, policy({ operations: [], parents: "trusted" }))).toEqual([]);
  });

  test("faultsOfLineage() allows only the operations that are named", () => {
    expect(faults({ operations: ["quarantine", "filter"] })).toBe(0);
    expect(faults({ operations: ["filter"] })).toBe(1);
    expect(faults({ operations: [] })).toBe(1);
  });

  test("faultsOfLineage() takes a parent that was not checked for a no", () => {
    expect(faults({ parents: "intact" })).toBe(1);
    expect(faults({ parents: "intact" }, result("not-checked", "proven"))).toBe(1);
    expect(faults({ parents: "intact" }, result("intact", "not-checked"))).toBe(1);
    expect(faults({ parents: "intact" }, result("intact", "proven"))).toBe(0);
    expect(faults({ parents: "trusted" }, result("intact", "proven"))).toBe(1);
    expect(faults({ parents: "trusted" }, result("trusted", "claimed"))).toBe(0);
    const other = { ...result("trusted", "proven")[0]!, manifest: "cd".repeat(32) };
    expect(faults({ parents: "trusted" }, [other])).toBe(1);
  });
});

describe("judge() and the removed list", () => {
  test("judge() checks derivation/removed.jsonl against the manifest, which names it", async () => {
    const folder = { ...(await sampleFolder([])), manifest: formatManifest(child), statements: undefined };
    folder.files.delete("findings.jsonl");
    folder.files.set("derivation/removed.jsonl", REMOVED);
    expect(judgeWith(folder)).toMatchObject({ ok: true });
    folder.files.set("derivation/removed.jsonl", utf8("\n"));
    expect(judgeWith(folder).failures.map(({ code }) => code)).toContain("removed-mismatch");
    folder.files.delete("derivation/removed.jsonl");
    folder.files.set("derivation/update.json", utf8("{}\n"));
    expect(judgeWith(folder)).toMatchObject({ ok: false, code: "artefact-mismatch" });
  });
});
