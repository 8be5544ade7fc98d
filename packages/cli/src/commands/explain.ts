import { explain } from "@assay/assay/commands";
import type { AddCommand } from "../program.js";

export const addExplain: AddCommand = (program, act) => {
  const command = program
    .command("explain")
    .summary("checks, controls and error codes in plain words")
    .description(
      `Explains one thing, or lists what can be explained.

Examples:
  assay explain
  assay explain label-flips
  assay explain A.7.4
  assay explain set-root-mismatch
  assay explain decoy`,
    )
    .argument("[topic]", "a check id, a control id, an error code, a calibration; or checks, controls, codes");
  act(command, async (context, [topic]) => {
    const result = await explain(topic as string | undefined);
    context.result(result, result.lines);
    return 0;
  });
};
