/**
 * A second verifier of the identity layer, word by word after `docs/spec`: leaf-encoding, set-tree, proofs and the parts of
 * manifest that they stand on. Slow and literal, all digests as hex text, and nothing of our packages. Whoever writes
 * another implementation can begin here. What does not hold is an error with the `code` that the specification names.
 */

import { createHash, createHmac } from "node:crypto";

// biome-ignore lint/suspicious/noExplicitAny: JSON from outside, whose form is what is checked here
export type Json = any;
const need = (holds: boolean, code: string): true => {
  if (!holds) throw Object.assign(new Error(code), { code });
  return true;
};

// ── Hashes (leaf-encoding.md) ──────────────────────────────────────────────────────────────────────────────────────────
const sha = (hex: string) => createHash("sha256").update(Buffer.from(hex, "hex")).digest("hex");
const hmac = (key: string, data: Buffer) => createHmac("sha256", Buffer.from(key, "hex")).update(data).digest("hex");
export const saltOf = (leafKey: string, record: string) => hmac(leafKey, Buffer.from(record, "hex"));
export const keyIdOf = (leafKey: string) => hmac(leafKey, Buffer.from("assay-leaf-key-id/v1")).slice(0, 16);
export const leafOf = (record: string, salt = "") => sha(`00${salt}${record}`);
const hex = (n: number, bytes: number) => `${"0".repeat(16)}${BigInt(n).toString(16)}`.slice(-2 * bytes);
const node = (left: string, right: string) => sha(`01${left}${right}`);
function cbor(value: string | number | Buffer | { [name: string]: string | number | Buffer }): string {
  const head = (major: number, n: number) => {
    const width = [24, 2 ** 8, 2 ** 16, 2 ** 32, 2 ** 53].findIndex((limit) => n < limit);
    return width === 0 ? hex(32 * major + n, 1) : hex(32 * major + 23 + width, 1) + hex(n, 2 ** (width - 1));
  };
  if (typeof value === "number") return head(0, value);
  if (Buffer.isBuffer(value)) return head(2, value.length) + value.toString("hex");
  if (typeof value === "string") return head(3, Buffer.byteLength(value)) + Buffer.from(value).toString("hex");
  const members = Object.entries(value).map(([name, one]) => cbor(name) + cbor(one));
  return head(5, members.length) + members.sort().join("");
}

// ── Form of a proof file (proofs.md, "Form") ───────────────────────────────────────────────────────────────────────────
const matches = (form: RegExp) => (value: Json) => typeof value === "string" && form.test(value);
const [isDigest, isTreeName] = [matches(/^[0-9a-f]{64}$/), matches(/^(records|dataset)$/)];
const isSize = (value: Json) => Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
const isObject = (value: Json) => typeof value === "object" && value !== null && !Array.isArray(value);
const isListOf = (isOne: (value: Json) => boolean) => (value: Json) => Array.isArray(value) && value.every(isOne);
const isDigests = isListOf(isDigest);
const isPath = (value: Json) => isDigests(value) && value.length <= 64;
function canonical(value: Json, depth = 0): string {
  need(depth <= 300, "malformed-proof");
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one, depth + 1)).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name], depth + 1)}`).join()}}`;
}

export function parseProofFile(file: string): Json {
  const bytes = Buffer.from(file, "hex");
  let proof: Json;
  try {
    proof = JSON.parse(bytes.toString());
  } catch {} // what is no JSON leaves no proof
  need(isObject(proof) && Object.hasOwn(proof, "format"), "malformed-proof");
  need(Buffer.from(`${canonical(proof)}\n`).equals(bytes), "malformed-proof");
  return proof;
}

/** All fields of a table and no other; those whose name ends with "?" may be absent. What checks says true, or throws. */
function checkFields(value: Json, fields: Json, code = "malformed-proof"): true {
  need(isObject(value) && Object.keys(value).every((name) => name in fields || `${name}?` in fields), code);
  const given = (name: string) => value[name.replace("?", "")];
  const isRight = ([name, is]: Json) => (given(name) === undefined ? name.endsWith("?") : is(given(name)));
  return need(Object.entries(fields).every(isRight), code);
}
function checkForm(proof: Json, format: string, fields: Json): true {
  need(isObject(proof) && Object.hasOwn(proof, "format"), "malformed-proof");
  need(proof.format === format, "unknown-format");
  return checkFields(proof, { format: () => true, ...fields });
}

// ── Ordered tree (RFC 9162 §2.1) ───────────────────────────────────────────────────────────────────────────────────────
export type Head = { readonly size: number; readonly root: string };

/** The largest power of two below n. */
const split = (n: number): number => (n <= 2 ? 1 : 2 * split(Math.ceil(n / 2)));

export function treeRoot(leaves: readonly string[]): string {
  if (leaves.length <= 1) return leaves[0] ?? sha("");
  const k = split(leaves.length);
  return node(treeRoot(leaves.slice(0, k)), treeRoot(leaves.slice(k)));
}
const INCLUSION = { index: isSize, leaf: isDigest, path: isPath, size: isSize, tree: isTreeName };
const checkInclusion = (proof: Json) => checkForm(proof, "assay-inclusion-proof/v1", INCLUSION);

export function verifyInclusion(proof: Json, head: Head, leaves?: readonly string[]): void {
  checkInclusion(proof);
  need(proof.size === head.size, "size-mismatch");
  need(leaves === undefined || leaves[0] === proof.leaf, "leaf-mismatch");
  need(proof.index < proof.size, "index-out-of-range");
  const fold = (index: number, size: number, path: string[]): string => {
    need(size > 1 === path.length > 0, "proof-length");
    if (size === 1) return proof.leaf;
    const [k, last, rest] = [split(size), path.at(-1) as string, path.slice(0, -1)];
    return index < k ? node(fold(index, k, rest), last) : node(last, fold(index - k, size - k, rest));
  };
  need(fold(proof.index, proof.size, proof.path) === head.root, "root-mismatch");
}

const CONSISTENCY = { from: isSize, path: isPath, to: isSize };
const checkConsistency = (proof: Json) => checkForm(proof, "assay-consistency-proof/v1", CONSISTENCY);

export function verifyConsistency(proof: Json, earlier: Head, later: Head): void {
  checkConsistency(proof);
  need(proof.from === earlier.size && proof.to === later.size, "size-mismatch");
  need(proof.from <= proof.to, "size-order");
  need(proof.from > 0, "empty-start");
  // Roots of the first m leaves of a subtree, and of all n of it. The earlier tree itself is never in the path.
  const roots = (m: number, n: number, path: string[], isEarlier: boolean): [string, string] => {
    need(m === n ? path.length === (isEarlier ? 0 : 1) : path.length > 0, "proof-length");
    if (m === n) return isEarlier ? [earlier.root, earlier.root] : [path[0] as string, path[0] as string];
    const [k, last, rest] = [split(n), path.at(-1) as string, path.slice(0, -1)];
    if (m > k) return roots(m - k, n - k, rest, false).map((root) => node(last, root)) as [string, string];
    const [first, all] = roots(m, k, rest, isEarlier);
    return [first, node(all, last)];
  };
  const [first, all] = roots(proof.from, proof.to, proof.path, true);
  need(first === earlier.root && all === later.root, "root-mismatch");
}

/** The root of a tree from its top: `hashOf` gives subtrees without asked leaves, `leaf` the asked ones; left to right. */
export function walkRanges(ranges: Json, size: number, hashOf: Json, leafAt: Json): string {
  const walk = (begin: number, end: number): string => {
    if (!ranges.some(([b, e]: Json) => b < end && begin < e)) return hashOf(begin, end);
    if (end - begin === 1) return leafAt(begin);
    const middle = begin + split(end - begin);
    return node(walk(begin, middle), walk(middle, end));
  };
  return walk(0, size);
}
function checkRanges(proof: Json): true {
  const areRanges = isListOf((one) => isListOf(isSize)(one) && one.length === 2);
  const fields = { leaves: isDigests, path: isDigests, ranges: areRanges, size: isSize, tree: isTreeName };
  checkForm(proof, "assay-range-proof/v1", fields);
  const isNext = ([begin, end]: Json, i: number) => begin < end && begin > (proof.ranges[i - 1]?.[1] ?? -1);
  const places = proof.ranges.reduce((sum: number, [begin, end]: Json) => sum + end - begin, 0);
  return need(proof.ranges.every(isNext) && places > 0 && proof.leaves.length === places, "malformed-proof");
}

export function verifyRanges(proof: Json, head: Head, leaves?: readonly string[]): void {
  checkRanges(proof);
  need(proof.size === head.size, "size-mismatch");
  need(leaves === undefined || leaves.join() === proof.leaves.join(), "leaf-mismatch");
  need(proof.ranges.at(-1)[1] <= proof.size, "index-out-of-range");
  let [hashes, places] = [0, 0];
  const [hashOf, leafAt] = [() => proof.path[hashes++], () => proof.leaves[places++]];
  const root = walkRanges(proof.ranges, proof.size, hashOf, leafAt);
  need(proof.path.length === hashes, "proof-length");
  need(root === head.root, "root-mismatch");
}

// ── Set tree (set-tree.md) ─────────────────────────────────────────────────────────────────────────────────────────────
const bitsOf = (key: string) => BigInt(`0x1${key}`).toString(2).slice(1);
const firstDifference = (a: string, b: string) => [...bitsOf(a)].findIndex((bit, i) => bit !== bitsOf(b)[i]);
const setLeaf = (key: string, count: number) => sha(`02${key}${hex(count, 8)}`);
const setNode = (bit: number, left: string, right: string) => sha(`03${hex(bit, 1)}${left}${right}`);

export function setRoot(counts: ReadonlyMap<string, number>): string {
  const treeOf = (keys: readonly string[]): Json => {
    if (keys.length <= 1) return keys[0] === undefined ? null : [keys[0], counts.get(keys[0])];
    const bit = firstDifference(keys[0] as string, keys.at(-1) as string);
    return [bit, ...["0", "1"].map((side) => treeOf(keys.filter((key) => bitsOf(key)[bit] === side)))];
  };
  return topOf(treeOf([...counts.keys()].sort()));
}

/** Step 2: grammar and order. Gives the opened leaves below. */
function checkTree(tree: Json, above = -1): string[] {
  if (isDigest(tree)) return [];
  need(Array.isArray(tree) && (tree.length === 2 || tree.length === 3), "malformed-proof");
  const [bit, left, right] = tree;
  if (tree.length === 2) {
    need(isDigest(bit) && Number.isInteger(left), "malformed-proof");
    need(left >= 1 && Number.isSafeInteger(left), "count-out-of-range");
    return [bit];
  }
  need(isSize(bit) && bit <= 255, "malformed-proof");
  need(bit > above, "tree-order");
  const sides = [checkTree(left, bit), checkTree(right, bit)];
  const keys = sides.flat();
  const isOnItsSide = sides.every((side, value) => side.every((key) => bitsOf(key)[bit] === String(value)));
  const agree = keys.every((key) => bitsOf(key).slice(0, bit) === bitsOf(keys[0] as string).slice(0, bit));
  need(isOnItsSide && agree, "tree-order");
  return keys;
}
const sideOf = (key: string, [bit]: Json) => (bitsOf(key)[bit] === "0" ? 1 : 2);
function topOf(tree: Json): string {
  if (!Array.isArray(tree)) return tree ?? sha("02");
  return tree.length === 2 ? setLeaf(tree[0], tree[1]) : setNode(tree[0], topOf(tree[1]), topOf(tree[2]));
}

/** Steps 2 to 5: the count of each key. */
function countsIn(tree: Json, keys: readonly string[], root: string): number[] {
  if (tree !== null) checkTree(tree);
  const walked = new Set<Json>();
  const counts = keys.map((key) => {
    let at = tree;
    for (; Array.isArray(at) && at.length === 3; at = at[sideOf(key, at)]) walked.add(at);
    need(typeof at !== "string", "tree-incomplete");
    walked.add(at);
    return at !== null && at[0] === key ? at[1] : 0;
  });
  const isWalked = (at: Json): boolean =>
    !Array.isArray(at) || (walked.has(at) && (at.length === 2 || (isWalked(at[1]) && isWalked(at[2]))));
  need(isWalked(tree), "tree-not-minimal");
  need(topOf(tree) === root, "root-mismatch");
  return counts;
}
const ascend = (keys: readonly string[]) => keys.every((key, i) => i === 0 || (keys[i - 1] as string) < key);

export function verifySetProof(proof: Json, root: string, asked: readonly string[]): number[] {
  checkForm(proof, "assay-set-proof/v1", { keys: isDigests, tree: () => true });
  need(proof.keys.length > 0, "malformed-proof");
  need(ascend(proof.keys), "key-order");
  need(proof.keys.join() === [...new Set(asked)].sort().join(), "leaf-mismatch");
  return countsIn(proof.tree, proof.keys, root);
}
function add(tree: Json, key: string, count: number, parting: number): Json {
  if (tree === null) return [key, count];
  if (parting < 0 && tree.length === 2) return [key, tree[1] + count];
  if (tree.length === 3 && (parting < 0 || tree[0] < parting))
    return tree.with(sideOf(key, tree), add(tree[sideOf(key, tree)], key, count, parting));
  return bitsOf(key)[parting] === "0" ? [parting, [key, count], tree] : [parting, tree, [key, count]];
}
function remove(tree: Json, key: string, count: number): Json {
  if (tree.length === 2) return tree[1] === count ? null : [key, tree[1] - count];
  const side = sideOf(key, tree);
  const rest = remove(tree[side], key, count);
  return rest === null ? tree[3 - side] : tree.with(side, rest);
}

export function verifySetUpdate(proof: Json, first: string, second: string, expected?: Json): void {
  const isDifference = (value: Json) => Number.isSafeInteger(value) && value !== 0;
  const isChange = (one: Json) => one?.length === 2 && isDigest(one[0]) && isDifference(one[1]);
  checkForm(proof, "assay-set-update/v1", { changes: isListOf(isChange), tree: () => true });
  need(proof.changes.length > 0, "malformed-proof");
  const keys = proof.changes.map(([key]: [string]) => key);
  need(ascend(keys), "key-order");
  need(expected === undefined || canonical(expected) === canonical(proof.changes), "change-mismatch");
  const old = countsIn(proof.tree, keys, first);
  for (const [i, [, difference]] of proof.changes.entries()) {
    need((old[i] as number) + difference >= 0, "count-underflow");
    need(Number.isSafeInteger((old[i] as number) + difference), "count-overflow");
  }
  let tree = proof.tree;
  const endOf = (at: Json, key: string): Json => (at?.length === 3 ? endOf(at[sideOf(key, at)], key) : at);
  for (const [key, difference] of proof.changes)
    if (difference > 0) tree = add(tree, key, difference, firstDifference(endOf(tree, key)?.[0] ?? key, key));
  for (const [key, difference] of proof.changes) if (difference < 0) tree = remove(tree, key, -difference);
  need(topOf(tree) === second, "root-mismatch");
}

// ── Data set (manifest.md) and its records (proofs.md) ─────────────────────────────────────────────────────────────────
const asBytes = ([name, one]: Json) => [name, /^(root|bytes|schema)$/.test(name) ? Buffer.from(one, "hex") : one];
const mapOf = (fields: Json) => cbor(Object.fromEntries(Object.entries(fields).map(asBytes)));
export const entryLeaf = (entry: Json) => sha(`04${mapOf(entry)}`);
export const headDigest = (firstByte: "06" | "07", fields: Json) => sha(firstByte + mapOf(fields));

export function checkPath(path: string): void {
  need(Buffer.byteLength(path) <= 4096 && !/(^|\/)\.{0,2}(\/|$)/.test(path), "bad-path");
  need(!/[\p{Cc}\p{Cs}\\]|^[A-Za-z]:/u.test(path.replace(/[\u0080-\u009f]/g, "")), "bad-path");
}

export function checkEntry(entry: Json): true {
  const [isString, isText, isKeyId] = [matches(/^/), matches(/./s), matches(/^[0-9a-f]{16}$/)];
  const digests = { root: isDigest, "bytes?": isDigest, "schema?": isDigest };
  const texts = { path: isString, format: isText, leafFormat: isString, "leafKey?": isKeyId };
  checkFields(entry, { size: isSize, records: isSize, ...digests, ...texts }, "malformed-entry");
  const { format, records, schema, leafFormat } = entry;
  need((format === "stream") === (entry.bytes === undefined), "malformed-entry");
  checkPath(entry.path);
  need(["assay-record/v1", "raw/v1"].includes(leafFormat), "unknown-format");
  need(leafFormat !== "raw/v1" || ["text", "jsonl", "other"].includes(format), "unsupported-leaf-format");
  need((schema === undefined) === (leafFormat === "raw/v1" || format === "other"), "malformed-entry");
  need((records === 0) === (entry.root === sha("")) && (format !== "other" || records === 0), "malformed-entry");
  return need(format !== "stream" || entry.size === 0, "malformed-entry");
}

const isEntry = (value: Json) => isObject(value) && checkEntry(value);

/** Step 5 of the record proof: whether what the caller holds has the proven leaf. */
function checkHeld(entry: Json, leaf: string, record: Json, salt?: string, leafKey?: string): void {
  const isKeyed = entry.leafKey !== undefined;
  need(!isKeyed || leafKey === undefined || keyIdOf(leafKey) === entry.leafKey, "leaf-key-mismatch");
  const right = isKeyed ? (leafKey === undefined ? salt : saltOf(leafKey, record)) : "";
  need(right !== undefined, "leaf-key-missing");
  need((salt ?? right) === right && leafOf(record, right) === leaf, "leaf-mismatch");
}

const isMade = (head: Json) => (entry: Json) => entry.leafFormat === head.leafFormat && entry.leafKey === head.leafKey;
const recordsHead = ({ records, root }: Json) => ({ size: records, root });
const datasetHead = ({ files, root }: Json) => ({ size: files, root });

/** A record proof or a records proof. `head` is {files, root, leafFormat, leafKey?}; `held`: record bytes by place. */
export function verifyRecords(proof: Json, head: Json, held: readonly string[], leafKey?: string): void {
  const isOne = proof?.format === "assay-record-proof/v1";
  const [check, verify] = isOne ? [checkInclusion, verifyInclusion] : [checkRanges, verifyRanges];
  const isFile = (file: Json) => checkFields(file, { records: check, entry: isEntry, "salts?": isDigests });
  const one = { dataset: check, record: check, entry: isEntry, "salt?": isDigest };
  if (isOne) checkForm(proof, "assay-record-proof/v1", one);
  else checkForm(proof, "assay-records-proof/v1", { dataset: check, files: isListOf(isFile) });
  const { dataset, entry, record, salt } = proof;
  const files = isOne ? [{ entry, records: record, ...(salt && { salts: [salt] }) }] : proof.files;
  const leavesIn = (part: Json) => (isOne ? [part.leaf] : part.leaves);
  const areSalts = ({ entry, records, salts }: Json) =>
    !salts || (entry.leafKey && salts.length === leavesIn(records).length);
  need(files.every(areSalts), "malformed-proof");
  const entries = files.map((file: Json) => file.entry);
  need(entries.length === leavesIn(dataset).length, "malformed-proof");
  need(entries.every(isMade(head)), "leaf-format-mismatch");
  const isOfRecords = ({ records }: Json) => records.tree === "records";
  need(dataset.tree === "dataset" && files.every(isOfRecords), "malformed-proof");
  verify(dataset, datasetHead(head), entries.map(entryLeaf));
  for (const { entry, records } of files) verify(records, recordsHead(entry));
  const rest = [...held];
  need(files.flatMap(({ records }: Json) => leavesIn(records)).length === rest.length, "leaf-mismatch");
  for (const { entry, records, salts = [] } of files)
    for (const [i, leaf] of leavesIn(records).entries()) checkHeld(entry, leaf, rest.shift(), salts[i], leafKey);
}

/** An append proof. `first` and `second` are heads as above. Says whether it is about all files of the first data set. */
export function verifyAppend(proof: Json, first: Json, second: Json): boolean {
  const isFile = (file: Json) =>
    checkFields(file, { earlier: isEntry, later: isEntry, "consistency?": checkConsistency });
  checkForm(proof, "assay-append-proof/v1", { earlier: checkRanges, later: checkRanges, files: isListOf(isFile) });
  const { earlier, files, later } = proof;
  const isRight = ({ earlier: from, later: to, consistency }: Json) =>
    from.path === to.path && (consistency !== undefined) === (from.records > 0 && to.records > from.records);
  need(files.every(isRight), "malformed-proof");
  const [before, after] = ["earlier", "later"].map((side) => files.map((file: Json) => file[side]));
  const isOfFiles = ({ tree, leaves }: Json) => tree === "dataset" && leaves.length === files.length;
  need(isOfFiles(earlier) && isOfFiles(later), "malformed-proof");
  need(ascend(before.map(({ path }: Json) => Buffer.from(path).toString("hex"))), "malformed-proof");
  need([first, ...before, ...after].every(isMade(second)), "leaf-format-mismatch");
  verifyRanges(earlier, datasetHead(first), before.map(entryLeaf));
  verifyRanges(later, datasetHead(second), after.map(entryLeaf));
  for (const { earlier: from, later: to, consistency } of files) {
    need(from.records <= to.records, "size-order");
    if (consistency !== undefined) verifyConsistency(consistency, recordsHead(from), recordsHead(to));
    else need(from.records === 0 || from.root === to.root, "root-mismatch");
  }
  return files.length === first.files;
}
