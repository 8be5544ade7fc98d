import { UsageError, verifyFolder } from "@assay/assay/commands";
import { limitHint, readingChoice } from "../options.js";
import type { AddCommand } from "../program.js";
import { paint, safe } from "../terminal.js";

export const addVerify: AddCommand = (program, act) => {
  const command = program
    .command("verify")
    .summary("recompute, and decide whether it may be trusted")
    .description(
      `Recomputes every digest from the data, checks artefacts, statements and signatures, and decides by your policy. One
line, one exit code; removing evidence never improves the verdict. Without --policy or --trust it judges integrity only.

Examples:
  assay verify train.assay
  assay verify train.assay --trust release.pub.pem
  assay verify train.assay --policy policy.json --parent raw.assay
  assay verify images.assay --urls                fetch the pinned URLs again
  assay verify train.assay --no-data              check the folder alone; the line says so`,
    )
    .argument("<folder>", "a folder <name>.assay, or its manifest.json")
    .option("--policy <file>", "trust policy (assay-policy/v1); never taken from the folder itself")
    .option("--trust <pub.pem>", "trust one public key for everything")
    .option(
      "--parent <dir>",
      "folder of a parent, to prove how the data came from it (repeatable)",
      (v, p: string[] = []) => [...p, v],
    )
    .option(
      "--sibling <dir>",
      "folder of another part of the same split, to prove that parts are apart (repeatable)",
      (v, p: string[] = []) => [...p, v],
    )
    .option("--data <path>", "where the data is: a path, an http(s) URL, s3://…, or - (default: beside the folder)")
    .option("--query <sql>", "the rows of a SELECT are the data, on the database that --data names or on none")
    .option("--no-data", "do not look at the data; the verdict says so")
    .option("--urls", "fetch the URLs of urls.jsonl again: which moved, changed, vanished")
    .option("--set-only", "records matter, how they are stored does not")
    .option("--at <time>", "trusted time for expiry (default: now), for example 2026-11-23T12:00:00Z")
    .option("--leaf-key <file>", "leaf key of a keyed data set");
  // Both are one value to the parser, and the later one would win without a word.
  const given = new Set<string>();
  for (const name of ["data", "no-data"]) command.on(`option:${name}`, () => given.add(name));
  act(command, async (context, [folder], values) => {
    if (given.size === 2) throw new UsageError("--no-data looks at no data, so --data does not go with it");
    const { leafKey } = await readingChoice({ leafKey: values.leafKey });
    const result = await verifyFolder(folder as string, {
      ...context.work,
      ...(values.policy !== undefined && { policy: values.policy as string }),
      ...(values.trust !== undefined && { trust: values.trust as string }),
      ...(values.parent !== undefined && { parents: values.parent as string[] }),
      ...(values.sibling !== undefined && { siblings: values.sibling as string[] }),
      ...(typeof values.data === "string" && { data: values.data }),
      ...(values.query !== undefined && { dataQuery: values.query as string }),
      ...(values.data === false && { noData: true }),
      ...(values.urls === true && { urls: true }),
      ...(values.setOnly === true && { setOnly: true }),
      ...(values.at !== undefined && { at: values.at as string }),
      ...(leafKey !== undefined && { leafKey }),
    });
    const { exitCode, line: _, ...document } = result;
    // The line tells the gravest already.
    const failures = result.checks.filter((check) => !check.ok && !result.line.endsWith(check.message));
    // Like every error, with a message for people and the details of the gravest.
    const gravest = result.checks.find((check) => check.code === result.code);
    const line = result.line + limitHint(gravest?.code, gravest?.details);
    const said = result.ok ? {} : { message: line, details: gravest?.details ?? {} };
    if (context.json && !result.ok)
      process.stderr.write(`${paint.red("assay:")} ${safe(line)} ${paint.dim(`(${result.code})`)}\n`);
    context.result({ ...document, ...said }, [
      `${result.ok ? paint.green("✓") : paint.red("✗")} ${safe(line)}`,
      ...failures.slice(0, 20).map((check) => `  ${paint.red(check.code ?? check.name)}  ${safe(check.message)}`),
      ...(result.urls?.differences ?? [])
        .filter(({ code }) => code === undefined)
        .slice(0, 20)
        .map(({ verdict, message }) => `  ${paint.dim(verdict)}  ${safe(message)}`),
      ...(failures.length > 20 ? [paint.dim(`  … and ${failures.length - 20} more`)] : []),
    ]);
    return exitCode;
  });
};
