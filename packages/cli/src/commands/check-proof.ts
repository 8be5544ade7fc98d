import { checkProof } from "@assay/assay/commands";
import { parsers, readingChoice } from "../options.js";
import type { AddCommand } from "../program.js";
import { paint, safe } from "../terminal.js";

export const addCheckProof: AddCommand = (program, act) => {
  const command = program
    .command("check-proof")
    .summary("check somebody's proof against a manifest you trust")
    .description(
      `Checks a proof. A proof never brings its own root, nor its own question: the root comes from the manifest, and the
record or leaf from you.

Examples:
  assay check-proof 17.proof --manifest train.assay --record record.json
  assay check-proof absent.proof --manifest train.assay/manifest.json --trust release.pub.pem --record record.json`,
    )
    .argument("<proof>", "the proof file")
    .requiredOption("--manifest <file>", "the manifest.json that you trust, or its folder")
    .option("--policy <file>", "judge the manifest's signatures by this policy first")
    .option("--trust <pub.pem>", "the manifest must be signed by this key")
    .option("--record <record.json>", "the record that you ask about (.jsonl: many, in the order of the proof)")
    .option("--leaf <hex>", "the leaf that you ask about", parsers.hex64)
    .option("--second-manifest <file>", "for appends, consistency and set updates: the later manifest, or its folder")
    .option("--leaf-key <file>", "leaf key of a keyed data set");
  act(command, async (context, [proof], values) => {
    const { leafKey } = await readingChoice({ leafKey: values.leafKey });
    const result = await checkProof(proof as string, {
      ...context.work,
      manifest: values.manifest as string,
      ...(values.policy !== undefined && { policy: values.policy as string }),
      ...(values.trust !== undefined && { trust: values.trust as string }),
      ...(values.record !== undefined && { record: values.record as string }),
      ...(values.leaf !== undefined && { leaf: values.leaf as string }),
      ...(values.secondManifest !== undefined && { secondManifest: values.secondManifest as string }),
      ...(leafKey !== undefined && { leafKey }),
    });
    context.result({ ok: true, code: "ok", result: result.result }, [`${paint.green("✓")} ${safe(result.says)}`]);
    return 0;
  });
};
