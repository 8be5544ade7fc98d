/**
 * DSSE v1.0.2 envelopes (secure-systems-lab/dsse, protocol.md and envelope.md), read strictly: unknown or repeated
 * members, base64 that is not canonical, no signature, an empty or repeated one are `malformed-envelope`. The signature is
 * over the bytes of the payload; those bytes, and no others, are then parsed.
 */

import { canonicalJson, FormatError, parseStrictJson } from "@assay/merkle";
import { fromBase64, toBase64 } from "./base64.js";
import { splitLines } from "./lines.js";
import { isJsonObject } from "./statement.js";

/** Payload type of in-toto statements. */
export const IN_TOTO_PAYLOAD = "application/vnd.in-toto+json";

/** in-toto also allows the predicate in the type, `application/vnd.in-toto.provenance+json`. */
const IN_TOTO_PAYLOADS = /^application\/vnd\.in-toto(\.[A-Za-z0-9._-]+)?\+json$/;

export interface EnvelopeSignature {
  /** A hint, not a fact: the empty text when the envelope has none. */
  readonly keyId: string;
  readonly signature: Uint8Array;
}

export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly EnvelopeSignature[];
}

/** The bytes that are signed, "pre-authentication encoding": `DSSEv1 LEN(type) type LEN(body) body`. */
export function pae(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = new TextEncoder().encode(payloadType);
  const head = new TextEncoder().encode(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

export interface ParseEnvelopeOptions {
  /** Where the envelope stands, for messages. Default `envelope`. */
  readonly place?: string;
  /** Largest accepted number of bytes. Default 96 MiB. */
  readonly maxBytes?: number;
  /** Largest accepted number of signatures. Default 100. */
  readonly maxSignatures?: number;
}

const MAX_ENVELOPE_BYTES = 96 * 1024 * 1024;
const MAX_SIGNATURE_BYTES = 16 * 1024;
const MAX_KEY_ID = 1024;

/**
 * Parses one envelope of JSON. Nothing is known about its signatures then.
 *
 * @throws FormatError `malformed-envelope` saying what is wrong, also above a cap
 */
export function parseEnvelope(bytes: Uint8Array, options: ParseEnvelopeOptions = {}): Envelope {
  const { place = "envelope", maxBytes = MAX_ENVELOPE_BYTES, maxSignatures = 100 } = options;
  const fail = (what: string): never => {
    throw new FormatError("malformed-envelope", `Cannot read ${place}: ${what}.`, { details: { place } });
  };
  const value: unknown = parseStrictJson(bytes, { code: "malformed-envelope", subject: place, maxDepth: 3, maxBytes });
  if (!isJsonObject(value)) return fail("it is not an object");
  onlyMembers(value, ["payload", "payloadType", "signatures"], fail);
  const { payloadType, payload, signatures } = value;
  if (typeof payloadType !== "string" || payloadType === "") return fail("payloadType is not a text");
  const body = typeof payload === "string" ? fromBase64(payload) : undefined;
  if (body === undefined) return fail("payload is not canonical base64 (RFC 4648 §4, padded)");
  if (!Array.isArray(signatures) || signatures.length === 0) return fail("it has no signatures");
  if (signatures.length > maxSignatures)
    fail(`it has ${signatures.length} signatures, maxSignatures is ${maxSignatures}`);
  const parsed = signatures.map((entry: unknown, index): EnvelopeSignature => {
    if (!isJsonObject(entry)) return fail(`signature ${index} is not an object`);
    onlyMembers(entry, ["keyid", "sig"], fail);
    const { keyid = "", sig } = entry;
    if (typeof keyid !== "string" || keyid.length > MAX_KEY_ID)
      return fail(`the keyid of signature ${index} is not a short text`);
    if (typeof sig !== "string" || sig === "") return fail(`signature ${index} is empty`);
    const signature = sig.length > MAX_SIGNATURE_BYTES ? undefined : fromBase64(sig);
    if (signature === undefined) return fail(`signature ${index} is not canonical base64 (RFC 4648 §4, padded)`);
    return { keyId: keyid, signature };
  });
  refuseRepeated(parsed, fail);
  return { payloadType, payload: body, signatures: parsed };
}

function onlyMembers(value: Record<string, unknown>, members: readonly string[], fail: (what: string) => never): void {
  for (const member of Object.keys(value)) {
    if (!members.includes(member)) fail(`unknown member ${JSON.stringify(member)}`);
  }
}

/** One signature a key, and none twice under different ids: repeating must not look like more. */
function refuseRepeated(signatures: readonly EnvelopeSignature[], fail: (what: string) => never): void {
  const keyIds = new Set<string>();
  const values = new Set<string>();
  for (const { keyId, signature } of signatures) {
    if (keyId !== "" && keyIds.has(keyId)) fail(`key ${keyId} signed twice`);
    const value = toBase64(signature);
    if (values.has(value)) fail("it has the same signature twice");
    keyIds.add(keyId);
    values.add(value);
  }
}

/** The RFC 8785 bytes of an envelope, without a line feed. Inverse of {@link parseEnvelope}. */
export function formatEnvelope({ payloadType, payload, signatures }: Envelope): Uint8Array {
  const text = canonicalJson({
    payload: toBase64(payload),
    payloadType,
    signatures: signatures.map(({ keyId, signature }) => ({
      ...(keyId === "" ? {} : { keyid: keyId }),
      sig: toBase64(signature),
    })),
  });
  return new TextEncoder().encode(text);
}

export interface ParseAttestationsOptions extends ParseEnvelopeOptions {
  /** Largest accepted number of lines. Default 10,000. */
  readonly maxLines?: number;
}

/**
 * Parses `attestations.intoto.jsonl`: one envelope of an in-toto statement a line, each line with its line feed.
 *
 * @throws FormatError `malformed-envelope` naming the line
 */
export function parseAttestations(bytes: Uint8Array, options: ParseAttestationsOptions = {}): Envelope[] {
  const { maxLines, ...rest } = options;
  const file = "attestations.intoto.jsonl";
  const framing = { file, code: "malformed-envelope" as const, ...(maxLines === undefined ? {} : { maxLines }) };
  return splitLines(bytes, framing).map((line, index) => {
    const place = `line ${index + 1} of ${file}`;
    const envelope = parseEnvelope(line, { ...rest, place });
    if (!IN_TOTO_PAYLOADS.test(envelope.payloadType)) {
      throw new FormatError(
        "malformed-envelope",
        `Cannot read ${place}: its payload type is not that of an in-toto statement.`,
        {
          details: { place, payloadType: envelope.payloadType },
        },
      );
    }
    return envelope;
  });
}

/** Formats `attestations.intoto.jsonl`, in the order given. Inverse of {@link parseAttestations}. */
export function formatAttestations(envelopes: readonly Envelope[]): Uint8Array {
  const decoder = new TextDecoder();
  return new TextEncoder().encode(
    envelopes.map((envelope) => `${decoder.decode(formatEnvelope(envelope))}\n`).join(""),
  );
}
