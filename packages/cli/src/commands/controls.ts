import { controlsOf } from "@assay/assay/commands";
import type { AddCommand } from "../program.js";
import { paint, safe } from "../terminal.js";

const MARKS: Readonly<Record<string, string>> = {
  pass: paint.green("pass          "),
  partial: paint.yellow("partial       "),
  gap: paint.red("gap           "),
  "not-evaluated": paint.dim("not evaluated "),
  "not-applicable": paint.dim("not applicable"),
};

export const addControls: AddCommand = (program, act) => {
  const command = program
    .command("controls")
    .summary("evidence for ISO/IEC 42001 Annex A controls")
    .description(
      `Turns the statements of a folder into evidence for Annex A controls, by predicates that can fail. Evidence, not
certification: it says what of a control this data set's evidence supports, and what stays with people.

Examples:
  assay controls train.assay
  assay controls train.assay --policy policy.json --require A.7.4,A.7.5 --json`,
    )
    .argument("<folder>", "a folder <name>.assay")
    .option("--policy <file>", "judge signatures by this policy")
    .option("--trust <pub.pem>", "trust one public key")
    .option("--at <time>", "trusted time (default: now)")
    .option("--all", "also the controls that no predicate answers")
    .option("--require <ids>", "controls that must not have a gap, or exit 1", (text) => text.split(","));
  act(command, async (context, [folder], values) => {
    const result = await controlsOf(folder as string, {
      ...context.work,
      ...(values.policy !== undefined && { policy: values.policy as string }),
      ...(values.trust !== undefined && { trust: values.trust as string }),
      ...(values.at !== undefined && { at: values.at as string }),
      ...(values.require !== undefined && { require: values.require as string[] }),
    });
    context.result(result, [
      ...result.controls
        .filter((control) => values.all === true || control.predicates.length > 0)
        .flatMap((control) => [
          `${MARKS[control.verdict]}  ${control.id.padEnd(8)} ${safe(control.title)}`,
          ...control.predicates.map(
            (predicate) =>
              `                  ${paint.dim(`${predicate.id} ${predicate.verdict}: ${safe(predicate.message)}`)}`,
          ),
        ]),
      "",
      ...(result.failed.length > 0 ? [`${paint.red("required, and not met")}: ${result.failed.join(", ")}`] : []),
      paint.dim("Evidence for an assessor, not a statement of conformity."),
    ]);
    return result.failed.length > 0 ? 1 : 0;
  });
};
