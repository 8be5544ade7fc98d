import { formatProof, sha256, toHex } from "@assay/merkle";
import { scanSource, sourceOfBytes } from "@assay/records";
import { beforeAll, describe, expect, it } from "vitest";
import { type BuiltManifest, buildManifest } from "../src/build.js";
import { verifyDerivation } from "../src/derivation.js";
import { memoryFolder, writeFiles } from "../src/folder.js";
import { parentOf } from "../src/lineage.js";
import { manifestFiles, openManifest, readDerivationFiles, verifyKept, withKeptSets } from "../src/manifest-folder.js";
import { proveRemoval } from "../src/prove.js";
import { formatRemoved } from "../src/removed.js";
import { verifyData } from "../src/verify-data.js";
import { buildText, textFiles } from "./sources.js";
import { codeOf } from "./vectors.js";

/** A parent whose types would be inferred otherwise from its child alone: only the removed record has a fraction. */
const parentText = { "train.csv": "n,label\n1,a\n2,b\n2,b\n3.5,a\n", "more/x.csv": "n,label\n7,b\n" };
const childText = { "train.csv": "n,label\n1,a\n2,b\n", "more/x.csv": "n,label\n7,b\n" };

describe("a quarantine from folder to folder", () => {
  const parentFolder = memoryFolder();
  const childFolder = memoryFolder();
  let parent: BuiltManifest;
  let child: BuiltManifest;

  beforeAll(async () => {
    ({ built: parent } = await buildText(parentText, { version: "1.0.0" }));
    await writeFiles(parentFolder, manifestFiles(parent));
    const leaves = parent.leaves[1]!;
    const at = (ordinal: number) => toHex(leaves.subarray(32 * ordinal, 32 * ordinal + 32));
    const records = [2, 3].map((ordinal) => ({
      checks: ["label-flips"],
      file: "train.csv",
      leaf: at(ordinal),
      ordinal,
      reason: "flipped",
    }));
    const removed = formatRemoved(records);
    const update = formatProof((await proveRemoval(parent, records))!);
    const source = await sourceOfBytes(
      "tiny",
      [...textFiles(childText)].map(([path, bytes]) => ({ path, bytes })),
    );
    const scanned = await scanSource(source, { reading: parent.header.reading });
    const derivation = {
      operation: "quarantine",
      parents: [parentOf(parent)],
      parameters: { removed: toHex(sha256(removed)) },
    } as const;
    child = await buildManifest(scanned, { version: "2.0.0", derivation });
    await writeFiles(childFolder, manifestFiles(child, { removed, update }));
    await verifyData(child.header, child.entries, source);
  });

  it("is read with the types of its parent", () => {
    expect(child.header.reading.types).toEqual(parent.header.reading.types);
    expect(child.header.reading.types).toMatchObject({ n: "float64" });
  });

  it("is proven from the two folders, without any data", async () => {
    const evidence = await readDerivationFiles(childFolder);
    const opened = await withKeptSets(await openManifest(childFolder));
    const before = await withKeptSets(
      await openManifest(parentFolder, { manifest: child.header.derivation!.parents[0]!.manifest }),
    );
    expect(await verifyDerivation(opened, { ...evidence, parents: [before] })).toMatchObject({
      edge: "proven",
      places: "checked",
      version: "checked",
      deserves: "major",
    });
    expect((await verifyKept(opened)).set).toBe("same");
  });

  it("is proven from the child's folder alone, by the update", async () => {
    const evidence = await readDerivationFiles(childFolder);
    const { header, manifest } = await openManifest(childFolder);
    expect(await verifyDerivation({ header, manifest }, evidence)).toMatchObject({
      edge: "proven",
      places: "not-checked",
      version: "not-checked",
    });
    expect((await verifyDerivation({ header, manifest }, {}))?.edge).toBe("not-checked");
  });

  it("is refused when it was read with types of its own", async () => {
    const source = await sourceOfBytes(
      "tiny",
      [...textFiles(childText)].map(([path, bytes]) => ({ path, bytes })),
    );
    const liar = await buildManifest(await scanSource(source), { derivation: child.header.derivation! });
    expect(liar.header.reading.types).toMatchObject({ n: "int64" });
    expect(
      await codeOf(async () =>
        verifyDerivation(liar, { parents: [parent], ...(await readDerivationFiles(childFolder)) }),
      ),
    ).toBe("reading-mismatch");
  });
});
