/** Every rule, in the order of the annex. A file of this folder holds the rules of one control. */

import type { Rule } from "../rule.js";
import { acquisitionRecorded, objectsUnaltered, rightsKnown } from "./acquisition.js";
import { exposureAnswered, processObeyed } from "./data-management.js";
import { declaredFacts, descriptors } from "./data-resources.js";
import { eventLog } from "./event-logs.js";
import { criteriaStated, transformsIdentified } from "./preparation.js";
import { nothingDropped, noUnexplainedHop, rootRecomputes, signedInRole } from "./provenance.js";
import { labelNoise, outlierShare, repeats, requirementsMeasured } from "./quality.js";

export const RULES: readonly Rule[] = [
  descriptors,
  declaredFacts,
  eventLog,
  processObeyed,
  exposureAnswered,
  acquisitionRecorded,
  objectsUnaltered,
  rightsKnown,
  requirementsMeasured,
  labelNoise,
  outlierShare,
  repeats,
  rootRecomputes,
  signedInRole,
  noUnexplainedHop,
  nothingDropped,
  transformsIdentified,
  criteriaStated,
];
