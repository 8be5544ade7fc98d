/** The name and version that statements carry. */

import type { Tool } from "@assay/provenance";

declare const ASSAY_VERSION: string;

export const TOOL: Tool = { name: "assay", version: ASSAY_VERSION };
