/** Types and kinds of columns in words, as a schema would write them: `int64`, `decimal(10,2)`, `list<text>`. */

import { compareTexts } from "./code-point-order.js";
import { cutText } from "./plain-json.js";

/** Words for a column type, a kind, or a list of types where files differ. */
export function columnWords(type: unknown): string {
  return cutText(wordsOf(type, 0), 300);
}

function wordsOf(type: unknown, depth: number): string {
  if (typeof type === "string") return type;
  if (depth > 8) return "…";
  if (Array.isArray(type)) return type.map((one) => wordsOf(one, depth + 1)).join(" or ");
  if (typeof type !== "object" || type === null) return String(type);
  const entries: Readonly<Record<string, unknown>> = type as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(entries, "list")) {
    const size = Object.hasOwn(entries, "size") ? `, ${String(entries.size)}` : "";
    return `list<${wordsOf(entries.list, depth + 1)}${size}>`;
  }
  if (Object.hasOwn(entries, "map") && Array.isArray(entries.map)) {
    return `map<${entries.map.map((one) => wordsOf(one, depth + 1)).join(", ")}>`;
  }
  if (Object.hasOwn(entries, "struct") && typeof entries.struct === "object" && entries.struct !== null) {
    const members = Object.entries(entries.struct).sort(([a], [b]) => compareTexts(a, b));
    return `struct<${members.map(([name, one]) => `${name}: ${wordsOf(one, depth + 1)}`).join(", ")}>`;
  }
  const detail = entries.unit ?? entries.encoding;
  return `${String(entries.type)}${detail === undefined ? "" : `(${String(detail)})`}`;
}
