// biome-ignore-all lint/suspicious/noExplicitAny: headers are broken here on purpose

import { toHex } from "@assay/merkle";
import { describe, expect, it } from "vitest";
import { formatManifest, type ManifestHeader, manifestDigest, parseManifest } from "../src/header.js";
import { assayDataset, assaySet } from "../src/heads.js";
import { codeOf, readVectors } from "./vectors.js";

const layouts = readVectors("dataset/expected.json").layouts;
const utf8 = (text: string) => new TextEncoder().encode(text);
const text = layouts.csv.splitManifestJson as string;

describe("parseManifest() and formatManifest()", () => {
  it.each(Object.keys(layouts))("read and write the manifests of the layout %s", (name) => {
    const layout = layouts[name];
    for (const json of [layout.manifestJson, layout.keyedManifestJson, layout.splitManifestJson]) {
      expect(new TextDecoder().decode(formatManifest(parseManifest(utf8(json))))).toBe(json);
    }
    expect(manifestDigest(utf8(layout.manifestJson))).toBe(layout.manifestSha256);
    expect(assayDataset(parseManifest(utf8(layout.manifestJson)))).toBe(layout.datasetHead);
    expect(assaySet(parseManifest(utf8(layout.manifestJson)))).toBe(layout.setHead);
    expect(assayDataset(parseManifest(utf8(layout.keyedManifestJson)))).toBe(layout.keyedDatasetHead);
    expect(assaySet(parseManifest(utf8(layout.keyedManifestJson)))).toBe(layout.keyedSetHead);
  });

  it("refuse every spelling but one", async () => {
    const spellings = [
      text.trimEnd(),
      `${text}\n`,
      ` ${text}`,
      `\ufeff${text}`,
      text.replace(',"name"', ', "name"'),
      text.replace('"size":191', '"size":191.0'),
      text.replace('"tiny"', '"\\u0074iny"'),
      "[]\n",
      "null\n",
      "{}\n",
      "",
    ];
    for (const spelling of spellings)
      expect(await codeOf(() => parseManifest(utf8(spelling))), spelling.slice(0, 30)).toBe("malformed-manifest");
  });

  const edits: [string, (header: Record<string, any>) => void, string][] = [
    ["another format", (h) => (h.format = "assay-manifest/v2"), "unknown-format"],
    ["no format", (h) => delete h.format, "malformed-manifest"],
    ["an unknown leaf format", (h) => (h.leaf.format = "assay-record/v2"), "unknown-format"],
    ["an unknown field", (h) => (h.time = 1), "malformed-manifest"],
    ["no name", (h) => delete h.name, "malformed-manifest"],
    ["an empty name", (h) => (h.name = ""), "malformed-manifest"],
    ["a name that is a number", (h) => (h.name = 1), "malformed-manifest"],
    ["a version with a pre-release", (h) => (h.version = "1.0.0-rc"), "malformed-manifest"],
    ["a key id in upper case", (h) => (h.leaf.keyId = "ABCDEFABCDEFABCD"), "malformed-manifest"],
    ["a leaf key", (h) => (h.leaf.key = "00"), "malformed-manifest"],
    ["a short root", (h) => (h.dataset.root = "00"), "malformed-manifest"],
    ["a fraction of a file", (h) => (h.dataset.files = 0.5), "malformed-manifest"],
    ["more different records than records", (h) => (h.set.distinct = 5), "malformed-manifest"],
    ["records without any different one", (h) => (h.set.distinct = 0), "malformed-manifest"],
    ["a split without root", (h) => delete h.splits.train.root, "malformed-manifest"],
    ["a negative size", (h) => (h.size = -1), "malformed-manifest"],
    ["an unknown type", (h) => (h.reading.types.id = "int65"), "malformed-manifest"],
    ["a decimal out of range", (h) => (h.reading.types.id = "decimal(77,0)"), "malformed-manifest"],
    ["the same type twice", (h) => (h.reading.types.id = ["int64", "int64"]), "malformed-manifest"],
    ["an inferred column without type", (h) => (h.reading.inferred = ["x"]), "malformed-manifest"],
    ["inferred columns out of order", (h) => (h.reading.inferred = ["note", "id"]), "malformed-manifest"],
    ["other others", (h) => (h.reading.others = "guess"), "malformed-manifest"],
    ["ignored patterns out of order", (h) => (h.reading.ignored = ["b", "a"]), "malformed-manifest"],
    ["splits by both rules", (h) => (h.reading.splits.column = "split"), "malformed-manifest"],
    ["a null value that is none", (h) => (h.reading.nullValues = [null]), "malformed-manifest"],
    ["a schema under a wrong name", (h) => (h.schemas.x = {}), "malformed-manifest"],
    ["an unknown kind", (h) => (Object.values<any>(h.schemas)[0].id = "int64"), "malformed-manifest"],
    ["a column of kind null", (h) => (Object.values<any>(h.schemas)[0].id = "null"), "malformed-manifest"],
    ["an unknown operation", (h) => (h.derivation.operation = "improve"), "malformed-manifest"],
    ["no parents", (h) => (h.derivation.parents = []), "malformed-manifest"],
    ["two parents of a quarantine", (h) => h.derivation.parents.push(h.derivation.parents[0]), "malformed-manifest"],
    ["a quarantine without list", (h) => (h.derivation.parameters = {}), "malformed-manifest"],
    ["a seed where none belongs", (h) => (h.derivation.parameters.seed = "00".repeat(32)), "malformed-manifest"],
    ["a parent without set", (h) => delete h.derivation.parents[0].set, "malformed-manifest"],
    ["a parent with an unknown leaf format", (h) => (h.derivation.parents[0].leaf.format = "x"), "unknown-format"],
  ];

  it.each(edits)("refuse %s", async (_, edit, code) => {
    const header = JSON.parse(text);
    edit(header);
    expect(await codeOf(() => formatManifest(header as ManifestHeader))).toBe(code);
  });

  it("keep a column named __proto__ as plain data", () => {
    const header = JSON.parse(text.replace('"types":{', '"types":{"__proto__":"text",'));
    const parsed = parseManifest(formatManifest(header));
    expect(Object.keys(parsed.reading.types)).toContain("__proto__");
    expect(({} as Record<string, unknown>).text).toBeUndefined();
  });

  it("cap nesting", async () => {
    const deep = `${'{"list":'.repeat(400)}"text"${"}".repeat(400)}`;
    expect(await codeOf(() => parseManifest(utf8(text.replace('"id":"int64"', `"id":${deep}`))))).toBe(
      "malformed-manifest",
    );
  });

  it("see every byte that is flipped, when the digest is known", () => {
    const bytes = utf8(text);
    const digest = manifestDigest(bytes);
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.slice();
      damaged[i]! ^= 1 << (i % 8);
      expect(manifestDigest(damaged)).not.toBe(digest);
    }
    expect(toHex(new Uint8Array(1))).toBe("00");
  });
});
