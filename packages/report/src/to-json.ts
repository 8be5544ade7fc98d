import type { Report } from "./report-model.js";
import { stableJson } from "./stable-json.js";

/**
 * The model itself: one JSON object with sorted members and a line feed. The same report gives the same bytes.
 *
 * @example
 * JSON.parse(toJson(report)).format; // "assay-report/v1"
 */
export function toJson(report: Report): string {
  return `${stableJson(report)}\n`;
}
