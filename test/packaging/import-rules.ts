/**
 * Which package may import what. The table is the architecture: a step of the story imports earlier steps only.
 */

import ts from "typescript";

export interface ImportRule {
  /** Packages whose values may be imported. */
  readonly values: readonly string[];
  /** Packages of which only types may be imported. */
  readonly types?: readonly string[];
}

const earlier = (...names: string[]): string[] => names.map((name) => `@assay/${name}`);

/** Assay's own packages that each package may import. */
export const ASSAY_IMPORTS: Readonly<Record<string, ImportRule>> = {
  merkle: { values: [] },
  records: { values: earlier("merkle") },
  manifest: { values: earlier("records", "merkle") },
  checks: { values: earlier("manifest", "records", "merkle") },
  provenance: { values: earlier("manifest", "merkle"), types: earlier("checks") },
  controls: { values: earlier("provenance"), types: earlier("checks", "manifest") },
  report: {
    values: earlier("controls"),
    types: earlier("merkle", "records", "manifest", "checks", "provenance"),
  },
  assay: { values: earlier("merkle", "records", "manifest", "checks", "provenance", "controls", "report") },
  cli: { values: earlier("assay", "spark") },
  spark: { values: earlier("records", "manifest", "checks", "merkle") },
};

/** Other people's packages that each package may import. */
export const LIBRARY_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  merkle: ["@noble/hashes"],
  records: [
    "@duckdb/node-api",
    "apache-arrow",
    "aws4fetch",
    "fzstd",
    "hyparquet",
    "hyparquet-compressors",
    "pako",
    "xxhash-wasm",
  ],
  manifest: [],
  checks: ["fflate", "jpeg-js"],
  provenance: ["@noble/curves", "zod"],
  controls: [],
  report: [],
  assay: ["zod", "yaml"],
  cli: ["commander", "picocolors"],
  spark: [],
};

/** Packages that run in Node only: the command and the cluster. */
export const NODE_PACKAGES: readonly string[] = ["cli", "spark"];

/** Entries of a package that may use Node: `./node`, and what worker threads load. */
export const NODE_ENTRIES: readonly string[] = ["src/node.ts", "src/node/index.ts", "src/worker.ts", "src/tasks.ts"];

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
  /** `import()`: loaded only when it is asked for. */
  readonly onDemand?: boolean;
}

/** Every import, re-export and literal dynamic import of a source text. */
export function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const clause = node.importClause;
      const bindings = clause?.namedBindings;
      const allNamedTypes =
        bindings !== undefined &&
        ts.isNamedImports(bindings) &&
        clause?.name === undefined &&
        bindings.elements.length > 0 &&
        bindings.elements.every((element) => element.isTypeOnly);
      found.push({
        specifier: node.moduleSpecifier.text,
        typeOnly: clause?.isTypeOnly === true || allNamedTypes,
      });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      const clause = node.exportClause;
      const allTypes =
        clause !== undefined && ts.isNamedExports(clause) && clause.elements.every((element) => element.isTypeOnly);
      found.push({ specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly || allTypes });
    } else if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword &&
      node.arguments[0] &&
      ts.isStringLiteralLike(node.arguments[0])
    ) {
      found.push({ specifier: node.arguments[0].text, typeOnly: false, onDemand: true });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const literal = node.argument.literal;
      if (ts.isStringLiteral(literal)) found.push({ specifier: literal.text, typeOnly: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true));
  return found;
}

const packageOf = (specifier: string): string =>
  specifier.startsWith("@") ? specifier.split("/").slice(0, 2).join("/") : (specifier.split("/")[0] as string);

/**
 * Files that run anywhere: those that the entries of a package reach by static imports, without going through `./node`.
 * What is imported on demand (`import()`) loads only where it is asked for.
 *
 * @param entries Files, such as `src/index.ts`.
 */
export function filesThatRunAnywhere(sources: ReadonlyMap<string, string>, entries: readonly string[]): Set<string> {
  const reached = new Set<string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const text = sources.get(file);
    if (text === undefined || reached.has(file)) continue;
    reached.add(file);
    for (const { specifier, typeOnly, onDemand } of importsOf(file, text)) {
      if (!specifier.startsWith(".") || typeOnly || onDemand) continue;
      waiting.push(new URL(specifier.replace(/\.js$/, ".ts"), `file:///${file}`).pathname.slice(1));
    }
  }
  return reached;
}

/** What a source file of a package imports and may not, one sentence each. */
export function importViolations(packageName: string, file: string, text: string, mayUseNode: boolean): string[] {
  const rule = ASSAY_IMPORTS[packageName];
  if (rule === undefined) return [`${packageName} is no package of the table`];
  const violations: string[] = [];
  for (const { specifier, typeOnly } of importsOf(file, text)) {
    const where = `packages/${packageName}/${file} imports ${specifier}`;
    if (specifier.startsWith(".")) {
      if (/^(\.\.\/)+(packages|dist|test)\b/.test(specifier) || /\.\.\/\.\.\/\w+\/(src|dist)/.test(specifier))
        violations.push(`${where}: not by a path into another package`);
    } else if (specifier.startsWith("node:")) {
      if (!mayUseNode) violations.push(`${where}: it runs anywhere, so only files behind ./node may`);
    } else if (specifier.startsWith("@assay/")) {
      const target = packageOf(specifier);
      if (!rule.values.includes(target) && !(typeOnly && rule.types?.includes(target)))
        violations.push(
          `${where}: ${rule.types?.includes(target) ? "only its types may be imported" : "not an earlier step"}`,
        );
    } else if (!LIBRARY_IMPORTS[packageName]?.includes(packageOf(specifier))) {
      violations.push(`${where}: not a library of this package`);
    }
  }
  return violations;
}
