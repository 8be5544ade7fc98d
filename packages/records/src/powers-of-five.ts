/** Powers of five to 128 bits, as "Number parsing at a gigabyte per second" (appendix B) has them: for the kernels that read numbers. */

/** Writes 5^least … 5^most to a memory, low and high words of 64 bits each, where a module says. */
export function fillPowers(
  buffer: ArrayBuffer,
  { LEAST_POWER, MOST_POWER, POWERS }: Readonly<Record<"LEAST_POWER" | "MOST_POWER" | "POWERS", number>>,
): void {
  const words = new BigUint64Array(buffer, POWERS, 2 * (MOST_POWER - LEAST_POWER + 1));
  for (let q = LEAST_POWER; q <= MOST_POWER; q++) {
    const power = 5n ** BigInt(Math.abs(q));
    const bits = power.toString(2).length;
    let value: bigint;
    if (q >= 0) value = bits <= 128 ? power << BigInt(128 - bits) : power >> BigInt(bits - 128);
    else {
      value = (1n << BigInt(q >= -27 ? bits + 127 : 2 * bits + 128)) / power + 1n;
      while (value >= 1n << 128n) value >>= 1n;
    }
    words[2 * (q - LEAST_POWER)] = value & 0xffffffffffffffffn;
    words[2 * (q - LEAST_POWER) + 1] = value >> 64n;
  }
}
