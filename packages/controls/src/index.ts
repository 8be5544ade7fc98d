export {
  type Automation,
  CONTROLS,
  type Control,
  controlById,
  OBJECTIVES,
  type Objective,
  type Relevance,
} from "./catalogue.js";
export { evaluateControls, meetsRequirement, worstVerdict } from "./evaluate-controls.js";
export type { Evidence } from "./facts.js";
export type { Rule, Verdict } from "./rule.js";
export { RULES } from "./rules/registry.js";
