/** The list of pins as a file, `urls.jsonl` (`docs/spec/url-pins.md`): one line of RFC 8785 JSON a pin, in the order of the list. */

import { canonicalJson, FormatError, type JsonValue, parseCanonicalJson } from "@assay/merkle";
import type { PinFault, UrlPin } from "./url-pins.js";

const FAULTS: readonly PinFault[] = ["bad-url", "not-found", "permission-denied", "cannot-read", "limit-exceeded"];

/** The line of a pin, with its LF. */
export function formatUrlPin(pin: UrlPin): Uint8Array {
  return new TextEncoder().encode(`${canonicalJson(pin)}\n`);
}

/**
 * Reads a list of pins, and accepts exactly what {@link formatUrlPin} writes.
 *
 * @throws FormatError `malformed-pins`; details name the line, from 1.
 */
export function* parseUrlPins(bytes: Uint8Array): Generator<UrlPin> {
  let line = 0;
  for (let begin = 0; begin < bytes.length; ) {
    line++;
    const end = bytes.indexOf(0x0a, begin);
    if (end < 0) throw malformed(line, "it does not end with LF");
    const json = { code: "malformed-pins", subject: `line ${line} of the pins`, maxDepth: 2 } as const;
    const value = parseCanonicalJson(bytes.subarray(begin, end + 1), json);
    const fault = faultOf(value);
    if (fault !== null) throw malformed(line, fault);
    yield value as unknown as UrlPin;
    begin = end + 1;
  }
}

function faultOf(value: JsonValue): string | null {
  if (!isObject(value)) return "it is no object";
  if (typeof value.url !== "string") return "url is no text";
  if (Object.hasOwn(value, "fault")) {
    if (!FAULTS.includes(value.fault as PinFault)) return "fault is none that is known";
    return Object.keys(value).length === 2 ? null : "it has a fault and more";
  }
  const { url: _url, size, sha256, location, lied, ...rest } = value;
  if (Object.keys(rest).length > 0) return `it has the member ${JSON.stringify(Object.keys(rest)[0])}`;
  if (!isSize(size)) return "size is no count";
  if (!isDigest(sha256)) return "sha256 is not 64 lower-case hex digits";
  if (location !== undefined && typeof location !== "string") return "location is no text";
  if (lied === undefined) return null;
  if (!isObject(lied) || Object.keys(lied).length === 0) return "lied says nothing";
  const { size: promisedSize, sha256: promisedDigest, ...more } = lied;
  if (Object.keys(more).length > 0) return "lied has members that are not known";
  if (promisedSize !== undefined && (!isSize(promisedSize) || promisedSize === size))
    return "lied.size is no other size";
  if (promisedDigest !== undefined && (!isDigest(promisedDigest) || promisedDigest === sha256))
    return "lied.sha256 is no other digest";
  return null;
}

const isObject = (value: JsonValue | undefined): value is { readonly [name: string]: JsonValue } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isSize = (value: JsonValue | undefined): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isDigest = (value: JsonValue | undefined): boolean => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);

function malformed(line: number, fault: string): FormatError {
  return new FormatError("malformed-pins", `Line ${line} of the pins is refused: ${fault}`, { details: { line } });
}
