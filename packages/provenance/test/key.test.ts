import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as nodeSign,
  verify as nodeVerify,
} from "node:crypto";
import { fromHex, sha256, toHex } from "@assay/merkle";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toBase64 } from "../src/base64.js";
import { derToRaw, rawToDer } from "../src/ecdsa-signature.js";
import { formatPublicKey, isValidSignature, type KeyType, parsePublicKey } from "../src/key.js";
import { generateKeyPair, signerFromPem } from "../src/node/key-pair.js";

const TYPES: readonly KeyType[] = ["p256", "p384", "p521", "ed25519"];
const message = new TextEncoder().encode("a message");
const badKey = expect.objectContaining({ code: "bad-key" });

describe("parsePublicKey()", () => {
  for (const type of TYPES) {
    test(`parsePublicKey() reads ${type} as PEM, DER and base64, and formatPublicKey() writes what Node writes`, async () => {
      const { publicKeyPem, keyId } = await generateKeyPair({ type });
      const key = parsePublicKey(publicKeyPem);
      expect(key.type).toBe(type);
      expect(key.keyId).toBe(keyId);
      const der = new Uint8Array(createPublicKey(publicKeyPem).export({ type: "spki", format: "der" }));
      expect(key.spki).toEqual(der);
      expect(key.keyId).toBe(toHex(sha256(der)));
      expect(parsePublicKey(der)).toEqual(key);
      expect(parsePublicKey(toBase64(der))).toEqual(key);
      expect(parsePublicKey(new TextEncoder().encode(publicKeyPem))).toEqual(key);
      expect(parsePublicKey(publicKeyPem.replaceAll("\n", "\r\n"))).toEqual(key);
      expect(formatPublicKey(key)).toBe(createPublicKey(publicKeyPem).export({ type: "spki", format: "pem" }));
    });
  }

  test("parsePublicKey() refuses other keys, private keys, certificates and text around the PEM", async () => {
    const { publicKeyPem, privateKeyPem } = await generateKeyPair();
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ type: "spki", format: "pem" });
    const k1 = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey.export({ type: "spki", format: "der" });
    for (const input of [rsa as string, new Uint8Array(k1), "", "AAAA", "not base64!", new Uint8Array(0)]) {
      expect(() => parsePublicKey(input)).toThrow(badKey);
    }
    expect(() => parsePublicKey(privateKeyPem)).toThrow(/private key/);
    expect(() => parsePublicKey("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")).toThrow(
      /certificate/,
    );
    expect(() => parsePublicKey(`# comment\n${publicKeyPem}`)).toThrow(badKey);
    expect(() => parsePublicKey(publicKeyPem + publicKeyPem)).toThrow(badKey);
  });

  test("parsePublicKey() refuses each key with one bit of its DER changed, or gives it another id", async () => {
    for (const type of ["p256", "ed25519"] as const) {
      const { spki, keyId } = parsePublicKey((await generateKeyPair({ type })).publicKeyPem);
      for (let bit = 0; bit < spki.length * 8; bit += 3) {
        const changed = spki.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        try {
          expect(parsePublicKey(changed).keyId).not.toBe(keyId);
        } catch (error) {
          expect(error).toEqual(badKey);
        }
      }
    }
  });

  test("parsePublicKey() refuses points that are not on the curve, compressed points and Ed25519 keys of small order", async () => {
    const { spki, point } = parsePublicKey((await generateKeyPair()).publicKeyPem);
    const off = spki.slice();
    off[off.length - 1]! ^= 1;
    expect(() => parsePublicKey(off)).toThrow(badKey);
    const compressed = Uint8Array.from([
      ...fromHex("3039301306072a8648ce3d020106082a8648ce3d030107032200"),
      2 + (point[64]! & 1),
      ...point.subarray(1, 33),
    ]);
    // It is a key to Node; here it would be a second id for the same key.
    expect(createPublicKey({ key: Buffer.from(compressed), type: "spki", format: "der" }).asymmetricKeyType).toBe("ec");
    expect(() => parsePublicKey(compressed)).toThrow(badKey);
    const smallOrder = fromHex(`302a300506032b6570032100${"01".padEnd(64, "0")}`);
    expect(() => parsePublicKey(smallOrder)).toThrow(badKey);
  });
});

describe("isValidSignature()", () => {
  for (const type of TYPES) {
    test(`isValidSignature() agrees with Node on ${type} in both directions`, async () => {
      const pair = await generateKeyPair({ type });
      const signer = signerFromPem(pair.privateKeyPem, "key");
      const key = parsePublicKey(pair.publicKeyPem);
      for (let round = 0; round < 8; round++) {
        const text = new TextEncoder().encode(`message ${round}`);
        const signature = await signer.sign(text);
        expect(isValidSignature(key, signature, text)).toBe(true);
        expect(nodeVerify(hashOf(type), text, pair.publicKeyPem, signature)).toBe(true);
        expect(isValidSignature(key, signature, message)).toBe(false);
      }
    });

    test(`isValidSignature() refuses every changed byte of a ${type} signature`, async () => {
      const pair = await generateKeyPair({ type });
      const key = parsePublicKey(pair.publicKeyPem);
      const signature = new Uint8Array(nodeSign(hashOf(type), message, createPrivateKey(pair.privateKeyPem)));
      for (let at = 0; at < signature.length; at += type === "p521" ? 4 : 1) {
        const changed = signature.slice();
        changed[at]! ^= 0x01;
        expect(isValidSignature(key, changed, message)).toBe(false);
      }
      expect(isValidSignature(key, signature.subarray(0, -1), message)).toBe(false);
      expect(isValidSignature(key, Uint8Array.from([...signature, 0]), message)).toBe(false);
      expect(isValidSignature(key, new Uint8Array(0), message)).toBe(false);
    });
  }

  test("isValidSignature() takes the hash from the key: P-384 signed over SHA-256 is refused", async () => {
    const pair = await generateKeyPair({ type: "p384" });
    const signature = new Uint8Array(nodeSign("sha256", message, pair.privateKeyPem));
    expect(isValidSignature(parsePublicKey(pair.publicKeyPem), signature, message)).toBe(false);
  });

  test("isValidSignature() refuses a signature as r ‖ s where DER belongs, and r or s of zero", async () => {
    const pair = await generateKeyPair();
    const key = parsePublicKey(pair.publicKeyPem);
    const raw = new Uint8Array(nodeSign("sha256", message, { key: pair.privateKeyPem, dsaEncoding: "ieee-p1363" }));
    expect(isValidSignature(key, raw, message)).toBe(false);
    expect(isValidSignature(key, rawToDer(raw), message)).toBe(true);
    expect(isValidSignature(key, fromHex("3006020100020100"), message)).toBe(false);
  });

  test("isValidSignature() follows RFC 8032 §7.1, test 2", () => {
    const key = parsePublicKey(
      fromHex("302a300506032b65700321003d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
    );
    const signature = fromHex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    expect(isValidSignature(key, signature, fromHex("72"))).toBe(true);
    expect(isValidSignature(key, signature, fromHex("73"))).toBe(false);
  });
});

describe("derToRaw()", () => {
  test("derToRaw() is the inverse of rawToDer() for every width", () => {
    for (const width of [32, 48, 66]) {
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 2 * width, maxLength: 2 * width }), (raw) => {
          expect(derToRaw(rawToDer(raw), width)).toEqual(raw);
        }),
      );
    }
    expect(derToRaw(rawToDer(new Uint8Array(64)), 32)).toEqual(new Uint8Array(64));
  });

  test("derToRaw() reads nothing that rawToDer() would write otherwise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.boolean(), (bytes, framed) => {
        const der = framed ? Uint8Array.from([0x30, bytes.length, ...bytes]) : bytes;
        const raw = derToRaw(der, 4);
        if (raw !== undefined) expect(rawToDer(raw)).toEqual(der);
      }),
      { numRuns: 5000 },
    );
  });

  const refused: Record<string, string> = {
    "a number with a needless zero in front": "3007" + "02020001" + "020101",
    "a negative number": "3006" + "020180" + "020101",
    "an empty number": "3005" + "0200" + "020101",
    "bytes behind": "3006" + "020101" + "020101" + "00",
    "bytes inside, behind s": "3007" + "020101" + "020101" + "00",
    "a length of two bytes where one does": "308106" + "020101" + "020101",
    "a length without end": "3080" + "020101" + "020101" + "0000",
    "a length beyond the end": "3007" + "020101" + "020101",
    "another tag": "3106" + "020101" + "020101",
    "a third number": "3009" + "020101" + "020101" + "020101",
    "a number that is too long": "300a" + "02050101010101" + "020101",
    "one number": "3003" + "020101",
    nothing: "",
  };
  for (const [what, hex] of Object.entries(refused)) {
    test(`derToRaw() refuses ${what}`, () => {
      expect(derToRaw(fromHex(hex), 4)).toBeUndefined();
    });
  }
});

function hashOf(type: KeyType): string | null {
  return { p256: "sha256", p384: "sha384", p521: "sha512", ed25519: null }[type];
}
