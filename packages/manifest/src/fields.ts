/**
 * Shapes of JSON values that came from outside: exactly the fields that a format has, digests, counts. Each function
 * answers; what a wrong shape is called is for the format to say.
 */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is wrong with the names of the fields, or nothing. */
export function faultOfFields(
  value: JsonObject,
  required: readonly string[],
  optional: readonly string[] = [],
): string | undefined {
  for (const name of required) if (!Object.hasOwn(value, name)) return `field ${JSON.stringify(name)} is missing`;
  for (const name of Object.keys(value)) {
    if (!required.includes(name) && !optional.includes(name)) return `field ${JSON.stringify(name)} is not known`;
  }
  return undefined;
}

/** Id of a leaf key: 16 lower-case hex digits. */
export function isKeyId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}

/** 0 … 2⁵³−1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Text without lone surrogates, so that it has a UTF-8 form. */
export function isText(value: unknown): value is string {
  return typeof value === "string" && !/\p{Surrogate}/u.test(value);
}
