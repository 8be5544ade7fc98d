import { fromHex, toHex } from "@assay/merkle";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromBase64, toBase64 } from "../src/base64.js";
import {
  formatAttestations,
  formatEnvelope,
  IN_TOTO_PAYLOAD,
  pae,
  parseAttestations,
  parseEnvelope,
} from "../src/envelope.js";

const utf8 = (text: string) => new TextEncoder().encode(text);
const envelopeOf = (value: unknown) => utf8(typeof value === "string" ? value : JSON.stringify(value));
const good = { payload: "e30=", payloadType: IN_TOTO_PAYLOAD, signatures: [{ keyid: "ab", sig: "AAEC" }] };
const malformed = expect.objectContaining({ code: "malformed-envelope", name: "FormatError" });

describe("pae()", () => {
  test("pae() gives the example of the DSSE protocol", () => {
    expect(pae("http://example.com/HelloWorld", utf8("hello world"))).toEqual(
      utf8("DSSEv1 29 http://example.com/HelloWorld 11 hello world"),
    );
  });

  test("pae() counts bytes, not characters", () => {
    expect(pae("é", utf8("😀"))).toEqual(utf8("DSSEv1 2 é 4 😀"));
    expect(pae("", new Uint8Array(0))).toEqual(utf8("DSSEv1 0  0 "));
  });

  test("pae() of different pairs differs, wherever type and body are parted", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (type, body, otherType, otherBody) => {
        const same = type === otherType && body === otherBody;
        expect(toHex(pae(type, utf8(body))) === toHex(pae(otherType, utf8(otherBody)))).toBe(same);
      }),
    );
  });
});

describe("parseEnvelope()", () => {
  test("parseEnvelope() reads what formatEnvelope() writes", () => {
    const signature = fc.record({
      keyId: fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 1, maxLength: 8 }),
      signature: fc.uint8Array({ minLength: 1, maxLength: 90 }),
    });
    const signatures = fc
      .uniqueArray(signature, { minLength: 1, maxLength: 4, selector: ({ keyId }) => keyId })
      .filter((all) => new Set(all.map((one) => toHex(one.signature))).size === all.length);
    fc.assert(
      fc.property(fc.uint8Array(), signatures, (payload, signed) => {
        const envelope = { payloadType: IN_TOTO_PAYLOAD, payload, signatures: signed };
        expect(parseEnvelope(formatEnvelope(envelope))).toEqual(envelope);
      }),
    );
  });

  test("parseEnvelope() takes an envelope without key id, whose members are in any order, with spaces", () => {
    const text = `{ "signatures": [ { "sig": "AAEC" } ], "payloadType": "x", "payload": "e30=" }`;
    expect(parseEnvelope(utf8(text))).toEqual({
      payloadType: "x",
      payload: utf8("{}"),
      signatures: [{ keyId: "", signature: fromHex("000102") }],
    });
  });

  const refused: Record<string, unknown> = {
    "an unknown member": { ...good, note: 1 },
    "an unknown member of a signature": { ...good, signatures: [{ keyid: "ab", sig: "AAEC", cert: "x" }] },
    "a repeated member": `{"payload":"e30=","payload":"e30=","payloadType":"x","signatures":[{"sig":"AAEC"}]}`,
    "a repeated member by an escape": `{"payload":"e30=","p\\u0061yload":"e30=","payloadType":"x","signatures":[{"sig":"AAEC"}]}`,
    "a repeated member of a signature": `{"payload":"e30=","payloadType":"x","signatures":[{"sig":"AAEC","sig":"AAEC"}]}`,
    "__proto__ as a member": `{"__proto__":{},"payload":"e30=","payloadType":"x","signatures":[{"sig":"AAEC"}]}`,
    "no signatures": { ...good, signatures: [] },
    "a missing list of signatures": { payload: "e30=", payloadType: "x" },
    "an empty signature": { ...good, signatures: [{ keyid: "ab", sig: "" }] },
    "a signature that is not a text": { ...good, signatures: [{ keyid: "ab", sig: 1 }] },
    "the same key twice": {
      ...good,
      signatures: [
        { keyid: "ab", sig: "AAEC" },
        { keyid: "ab", sig: "AAED" },
      ],
    },
    "the same signature under two ids": {
      ...good,
      signatures: [
        { keyid: "ab", sig: "AAEC" },
        { keyid: "cd", sig: "AAEC" },
      ],
    },
    "a key id that is not a text": { ...good, signatures: [{ keyid: null, sig: "AAEC" }] },
    "a missing payload": { payloadType: "x", signatures: good.signatures },
    "an empty payload type": { ...good, payloadType: "" },
    "URL-safe base64": { ...good, payload: "-_-_" },
    "base64 without padding": { ...good, payload: "e30" },
    "base64 with too much padding": { ...good, payload: "e30==" },
    "base64 with a line feed": { ...good, payload: "e30=\n" },
    "base64 whose unused bits are not zero": { ...good, payload: "e31=" },
    "base64 of a signature whose unused bits are not zero": { ...good, signatures: [{ sig: "AB==" }] },
    "data behind the envelope": `${JSON.stringify(good)}{}`,
    "a list": [good],
    "text that is not JSON": "payload",
    nothing: "",
  };
  for (const [what, value] of Object.entries(refused)) {
    test(`parseEnvelope() refuses ${what}`, () => {
      expect(() => parseEnvelope(envelopeOf(value))).toThrow(malformed);
    });
  }

  test("parseEnvelope() refuses text that is not UTF-8, a byte order mark and too many signatures", () => {
    expect(() => parseEnvelope(Uint8Array.from([...envelopeOf(good).subarray(0, 3), 0xff]))).toThrow(malformed);
    expect(() => parseEnvelope(Uint8Array.from([0xef, 0xbb, 0xbf, ...envelopeOf(good)]))).toThrow(malformed);
    const signatures = ["AAEC", "AAED", "AAEE"].map((sig) => ({ sig }));
    expect(() => parseEnvelope(envelopeOf({ ...good, signatures }), { maxSignatures: 2 })).toThrow(malformed);
    expect(() => parseEnvelope(envelopeOf(good), { maxBytes: 20 })).toThrow(malformed);
  });
});

describe("parseAttestations()", () => {
  const line = formatEnvelope({
    payloadType: IN_TOTO_PAYLOAD,
    payload: utf8("{}"),
    signatures: [{ keyId: "ab", signature: fromHex("01") }],
  });

  test("parseAttestations() reads what formatAttestations() writes", () => {
    const envelopes = [parseEnvelope(line), { ...parseEnvelope(line), payload: utf8("[]") }];
    expect(parseAttestations(formatAttestations(envelopes))).toEqual(envelopes);
    expect(parseAttestations(new Uint8Array(0))).toEqual([]);
  });

  test("parseAttestations() refuses a cut last line, empty lines and another payload type", () => {
    expect(() => parseAttestations(line)).toThrow(malformed);
    expect(() => parseAttestations(utf8("\n"))).toThrow(malformed);
    expect(() => parseAttestations(Uint8Array.from([...line, 10, 10]))).toThrow(malformed);
    const foreign = formatEnvelope({ ...parseEnvelope(line), payloadType: "text/plain" });
    expect(() => parseAttestations(Uint8Array.from([...foreign, 10]))).toThrow(malformed);
  });

  test("parseAttestations() takes in-toto's payload types with a predicate in them", () => {
    const foreign = formatEnvelope({ ...parseEnvelope(line), payloadType: "application/vnd.in-toto.provenance+json" });
    expect(parseAttestations(Uint8Array.from([...foreign, 10]))).toHaveLength(1);
  });
});

describe("fromBase64()", () => {
  test("fromBase64() reads what toBase64() writes, which is what btoa() writes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = toBase64(bytes);
        expect(text).toBe(btoa(String.fromCharCode(...bytes)));
        expect(fromBase64(text)).toEqual(bytes);
      }),
    );
    const long = Uint8Array.from({ length: 40_001 }, (_, index) => (index * 31) & 255);
    expect(fromBase64(toBase64(long))).toEqual(long);
  });

  test("fromBase64() gives each text one meaning: whatever it reads is written back the same", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."AB+/=-_ Qg9"), maxLength: 12 }), (text) => {
        const bytes = fromBase64(text);
        if (bytes !== undefined) expect(toBase64(bytes)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test("fromBase64() refuses every change of one bit that is not another canonical text", () => {
    const text = toBase64(utf8("{}{}"));
    for (let at = 0; at < text.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1);
        const bytes = fromBase64(changed);
        if (bytes !== undefined) {
          expect(toBase64(bytes)).toBe(changed);
          expect(bytes).not.toEqual(utf8("{}{}"));
        }
      }
    }
  });
});
