/** The examples of docs/spec are read and verified, and the envelope is what we would have written. */

import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { toBase64 } from "../src/base64.js";
import { formatEnvelope, pae, parseAttestations } from "../src/envelope.js";
import { isValidSignature, parsePublicKey } from "../src/key.js";
import { signerFromPem } from "../src/node/key-pair.js";
import { parsePolicy } from "../src/policy.js";
import { checkPredicate, PREDICATE_TYPES } from "../src/predicates/registry.js";
import { signStatement } from "../src/signer.js";
import { formatStatement, parseStatement, STATEMENT_TYPE, type Statement } from "../src/statement.js";
import { manifestStatement, utf8 } from "./sample-folder.js";

const page = (name: string) => readFile(new URL(`../../../docs/spec/${name}.md`, import.meta.url), "utf8");

/** Fenced JSON of a page with the words behind `json`. */
function blocksOf(text: string): { readonly words: readonly string[]; readonly json: string }[] {
  return [...text.matchAll(/^```json (.*)\n([\s\S]*?)\n```$/gm)].map(([, words, json]) => ({
    words: words!.split(" "),
    json: json!,
  }));
}

describe("docs/spec/predicates.md", () => {
  test("each predicate type has an example that checkPredicate() accepts", async () => {
    const seen: string[] = [];
    for (const { words, json } of blocksOf(await page("predicates"))) {
      const [kind, predicateType] = words;
      const statement: Statement =
        kind === "statement"
          ? parseStatement(utf8(json)).statement
          : {
              _type: STATEMENT_TYPE,
              subject: manifestStatement().subject,
              predicateType: predicateType!,
              predicate: JSON.parse(json),
            };
      expect(checkPredicate(statement, "the example")).toBeDefined();
      seen.push(statement.predicateType);
    }
    expect(seen.sort()).toEqual([...PREDICATE_TYPES].sort());
  });
});

describe("docs/spec/envelope-and-policy.md", () => {
  test("the envelope verifies with the key beside it, holds the statement of predicates.md, and is what signStatement() gives", async () => {
    const text = await page("envelope-and-policy");
    const line = utf8(`${/^ {4}(\{"payload".*\})$/m.exec(text)![1]!}\n`);
    const [envelope] = parseAttestations(line);
    const pem = /^ {4}-----BEGIN PUBLIC KEY-----\n.*\n.*-----END PUBLIC KEY-----$/m
      .exec(text)![0]
      .replaceAll(/^ {4}/gm, "");
    const key = parsePublicKey(pem);
    expect(text).toContain(`signers/${key.keyId}.pem`);
    const { keyId, signature } = envelope!.signatures[0]!;
    expect(keyId).toBe(key.keyId);
    expect(isValidSignature(key, signature, pae(envelope!.payloadType, envelope!.payload))).toBe(true);

    const example = blocksOf(await page("predicates")).find(({ words }) => words[0] === "statement")!;
    const statement = formatStatement(JSON.parse(example.json));
    expect(envelope!.payload).toEqual(statement);
    const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const der = Uint8Array.from(Buffer.from(`302e020100300506032b657004220420${seed}`, "hex"));
    const signer = signerFromPem(
      `-----BEGIN PRIVATE KEY-----\n${toBase64(der)}\n-----END PRIVATE KEY-----\n`,
      "RFC 8032 test 1",
    );
    expect(utf8(`${new TextDecoder().decode(formatEnvelope(await signStatement(statement, signer)))}\n`)).toEqual(line);
  });

  test("the policy is one that parsePolicy() reads", async () => {
    const [block] = blocksOf(await page("envelope-and-policy"));
    expect(block!.words).toEqual(["policy"]);
    expect(parsePolicy(utf8(block!.json)).people.map(({ name }) => name)).toEqual(["alice", "bob"]);
  });
});
