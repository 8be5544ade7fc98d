/**
 * The two spellings of an ECDSA signature: `Ecdsa-Sig-Value` in DER (RFC 3279 §2.2.3), which envelopes carry, and r ‖ s
 * of fixed width (IEEE P1363), which WebCrypto speaks. Reading is strict: each signature has one DER spelling.
 */

/** r ‖ s, each of `width` bytes, of a DER signature; undefined when it is not strict DER or a number is too long. */
export function derToRaw(der: Uint8Array, width: number): Uint8Array | undefined {
  if (der[0] !== 0x30) return undefined;
  // The longest signature, P-521, has 139 bytes: one length byte, or 0x81 and one of at least 0x80.
  const long = der[1] === 0x81;
  const length = long ? der[2] : der[1];
  if (length === undefined || (long ? length < 0x80 : length >= 0x80)) return undefined;
  const begin = long ? 3 : 2;
  if (der.length !== begin + length) return undefined;
  const raw = new Uint8Array(2 * width);
  const afterR = readInteger(der, begin, raw.subarray(0, width));
  if (afterR === undefined) return undefined;
  return readInteger(der, afterR, raw.subarray(width)) === der.length ? raw : undefined;
}

/** Reads an INTEGER that is not negative into `target`, right-aligned; gives the offset behind it. */
function readInteger(der: Uint8Array, offset: number, target: Uint8Array): number | undefined {
  const length = der[offset + 1];
  if (der[offset] !== 0x02 || length === undefined || length === 0 || length >= 0x80) return undefined;
  const begin = offset + 2;
  const end = begin + length;
  if (end > der.length || der[begin]! >= 0x80) return undefined;
  // A leading zero is there only to keep the number positive.
  const zero = der[begin] === 0;
  if (zero && length > 1 && der[begin + 1]! < 0x80) return undefined;
  const digits = der.subarray(zero ? begin + 1 : begin, end);
  if (digits.length > target.length) return undefined;
  target.set(digits, target.length - digits.length);
  return end;
}

/** The DER spelling of r ‖ s. */
export function rawToDer(raw: Uint8Array): Uint8Array {
  const width = raw.length / 2;
  const body = [...formatInteger(raw.subarray(0, width)), ...formatInteger(raw.subarray(width))];
  return Uint8Array.from([0x30, ...(body.length < 0x80 ? [body.length] : [0x81, body.length]), ...body]);
}

function formatInteger(digits: Uint8Array): number[] {
  let begin = 0;
  while (begin < digits.length - 1 && digits[begin] === 0) begin++;
  const rest = [...digits.subarray(begin)];
  const value = rest[0]! >= 0x80 ? [0, ...rest] : rest;
  return [0x02, value.length, ...value];
}
