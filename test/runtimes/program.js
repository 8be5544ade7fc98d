/**
 * What every runtime must agree on: the identity of some records in every format, a proof, a signature, and what the checks say of a
 * generated table. Imports nothing of Node.
 */

import { assay } from "@assay/assay";
import { buildManifest, proveRecord, verifiedRecords, verifyRecordProof } from "@assay/manifest";
import { formatProof, parseProofFile, sha256, toHex } from "@assay/merkle";
import { judge, parsePublicKey, policyOfKey, signerFromCryptoKeys } from "@assay/provenance";
import { parseSchema, scanSource, sourceOfBytes } from "@assay/records";

/** A table of two classes with moved labels and moved numbers, the same in every engine: whole numbers only. */
function table() {
  let state = 11;
  const next = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
  const lines = ["a,b,c,label"];
  for (let i = 0; i < 1500; i++) {
    const isFirst = next(2) === 0;
    const label = isFirst !== i % 12 < 1 ? "x" : "y";
    const cells = [0, 1, 2].map(() => (isFirst ? 0 : 400) + next(100) + next(100) + next(100));
    if (i % 100 === 7) cells[next(3)] += 5000;
    lines.push([...cells, label].join(","));
  }
  return new TextEncoder().encode(`${lines.join("\n")}\n`);
}

/**
 * @param files path → bytes, all of the same records
 * @param schema bytes of the declared schema for those that are text
 */
export async function answers(files, schema) {
  const roots = {};
  let big;
  for (const [path, bytes] of files) {
    const isText = /\.(csv|jsonl)$/.test(path);
    const source = await sourceOfBytes("same", [{ path, bytes }], isText ? { schema: parseSchema(schema) } : {});
    const built = await buildManifest(await scanSource(source));
    const values = [];
    for await (const record of verifiedRecords(built.header, built.entries, source)) values.push(record.value());
    roots[path] = [
      built.header.set.root,
      built.entries[0].bytes,
      toHex(sha256(new TextEncoder().encode(JSON.stringify(values)))),
    ];
    const proof = formatProof(await proveRecord(built, path, 1));
    const leaf = (await built.leavesOf(path)).slice(32, 64);
    const checked = verifyRecordProof(parseProofFile(proof), built.header, { leaf });
    if (checked.ordinal !== 1 || checked.confirmed !== true) throw new Error("a proof does not verify");
    big = built;
  }
  if (big === undefined) throw new Error("there are no files");

  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const signer = await signerFromCryptoKeys(keys);
  const source = await sourceOfBytes("table", [{ path: "table.csv", bytes: table() }]);
  const now = () => new Date("2026-01-01T00:00:00Z");
  const result = await assay(source, { label: "label", signer, now });
  const all = new Map([...result.files, ["files.jsonl", result.manifest.entriesBytes]]);
  const verdict = judge(
    {
      manifest: result.manifest.headerBytes,
      statements: all.get("statements.jsonl"),
      attestations: all.get("attestations.intoto.jsonl"),
      signers: new Map(),
      digests: new Map([...all].map(([name, bytes]) => [name, toHex(sha256(bytes))])),
    },
    { policy: policyOfKey(parsePublicKey(signer.publicKeyPem)), at: new Date("2030-01-01T00:00:00Z") },
  );
  if (!verdict.ok || verdict.trust !== "judged") throw new Error(`what was signed is not trusted: ${verdict.summary}`);
  return {
    roots,
    setHead: result.manifest.setHead,
    findings: result.findings.map(
      ({ check, kind, ordinal, leaf }) => `${check} ${kind} ${ordinal} ${leaf.slice(0, 8)}`,
    ),
    findingsDigest: toHex(sha256(all.get("findings.jsonl"))),
    outcomes: result.outcomes.map(({ check, status, calibration }) => `${check} ${status} ${calibration}`),
  };
}
