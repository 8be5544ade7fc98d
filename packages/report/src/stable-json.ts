/** JSON with one spelling: members sorted by UTF-16 unit and no space, as RFC 8785 has it. */

/**
 * Writes plain data. `undefined` members are left out. Numbers must be finite and texts well-formed, which a report's are.
 *
 * @throws TypeError for what JSON cannot hold
 */
export function stableJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`value: ${value} is not a number of JSON`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(stableJson).join(",")}]`;
  if (typeof value !== "object") throw new TypeError(`value: a ${typeof value} is not JSON`);
  const members = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, item]) => `${JSON.stringify(name)}:${stableJson(item)}`);
  return `{${members.join(",")}}`;
}
