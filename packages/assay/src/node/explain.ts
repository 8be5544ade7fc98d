/** `assay explain`: checks, controls and error codes in plain words. */

import { type CheckSetting, knownChecks } from "@assay/checks";
import { CONTROLS, controlById, OBJECTIVES, RULES } from "@assay/controls";
import { CALIBRATION_TEXTS, CHECK_TEXTS, CODE_TEXTS } from "../explanations.js";
import { UsageError } from "../usage-error.js";

export interface Explanation {
  readonly topic: string;
  readonly kind: "list" | "check" | "control" | "code" | "calibration";
  readonly lines: readonly string[];
}

/**
 * Explains a check id, a control id, an error code or a calibration; without a topic it lists what there is.
 *
 * @throws UsageError for a topic that is none of these.
 */
export function explain(topic?: string): Explanation {
  if (topic === undefined || topic === "checks" || topic === "controls" || topic === "codes") return listOf(topic);
  if (Object.hasOwn(CHECK_TEXTS, topic)) {
    const { finds, method, reads, blind } = CHECK_TEXTS[topic] as (typeof CHECK_TEXTS)[string];
    return {
      topic,
      kind: "check",
      lines: [
        `${topic}: ${finds}`,
        "",
        `How      ${method}`,
        `Reads    ${reads}`,
        `Cannot   ${blind}`,
        ...settingsOf(topic),
      ],
    };
  }
  const control = controlById(topic.toUpperCase());
  if (control !== undefined) {
    const rules = RULES.filter((rule) => rule.control === control.id);
    return {
      topic,
      kind: "control",
      lines: [
        `${control.id} ${control.title}`,
        control.paraphrase,
        "",
        `Objective   ${OBJECTIVES.find(({ id }) => id === control.objective)?.title ?? control.objective}`,
        `Automation  ${control.automation}${control.artefact === null ? "" : `; evidence: ${control.artefact}`}`,
        ...(rules.length === 0 ? ["", "No rule here answers it: its evidence stays with people."] : [""]),
        ...rules.flatMap((rule) => [`${rule.id}  ${rule.question}`, `       ${rule.limits}`]),
      ],
    };
  }
  if (Object.hasOwn(CODE_TEXTS, topic)) {
    const { exitCode, text } = CODE_TEXTS[topic as keyof typeof CODE_TEXTS];
    return { topic, kind: "code", lines: [`${topic} (exit code ${exitCode})`, text] };
  }
  if (Object.hasOwn(CALIBRATION_TEXTS, topic)) {
    const text = CALIBRATION_TEXTS[topic as keyof typeof CALIBRATION_TEXTS];
    return { topic, kind: "calibration", lines: [`${topic} (calibration of an outcome)`, text] };
  }
  throw new UsageError(
    `There is nothing called "${topic}" to explain: try \`assay explain\`, \`assay explain controls\` or \`assay explain codes\``,
  );
}

/** The options that a check takes, as they are written on the command line. */
function settingsOf(id: string): string[] {
  const settings = Object.entries(knownChecks().find((check) => check.id === id)?.settings ?? {});
  const shown = ([name, takes]: [string, CheckSetting]): string =>
    `--check-option ${id}.${name}=${takes === "number" ? "NUMBER" : takes.join("|")}`;
  return settings.map((setting, index) => `${index === 0 ? "Options  " : "         "}${shown(setting)}`);
}

function listOf(topic: string | undefined): Explanation {
  const checks = knownChecks().map(({ id }) => `  ${id.padEnd(32)}${CHECK_TEXTS[id]?.finds ?? ""}`);
  const controls = CONTROLS.map(({ id, title }) => `  ${id.padEnd(9)}${title}`);
  const codes = Object.entries(CODE_TEXTS).map(
    ([code, { exitCode, text }]) => `  ${exitCode}  ${code.padEnd(24)}${text}`,
  );
  const lines =
    topic === "controls"
      ? controls
      : topic === "codes"
        ? codes
        : topic === "checks"
          ? checks
          : [
              "Checks:",
              ...checks,
              "",
              "`assay explain controls` lists the Annex A controls, `assay explain codes` the error codes;",
              "`assay explain NAME` explains one check, control or code, or how a claim is calibrated:",
              `  ${Object.keys(CALIBRATION_TEXTS).join(", ")}`,
            ];
  return { topic: topic ?? "", kind: "list", lines };
}
