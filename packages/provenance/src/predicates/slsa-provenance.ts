/**
 * SLSA Provenance v1 (slsa-framework/slsa, spec/build-provenance.md) for derivations: which operation made this data set
 * from which parents. For set algebra the edge is proven elsewhere; for `map` this claim is all there is.
 */

import { assayDataset, assaySet, type Derivation } from "@assay/manifest";
import { z } from "zod";
import { type ManifestHeads, subjectsOf } from "../heads.js";
import { STATEMENT_TYPE, type Statement } from "../statement.js";
import { folderPath, instant, isFolderPath, jsonObject, words } from "./fields.js";
import type { Artefact, PredicateKind, Tool } from "./predicate.js";
import { type ResourceDescriptor, resourceDescriptor } from "./test-result.js";

export const SLSA_PROVENANCE = "https://slsa.dev/provenance/v1";

/** What kind of build a derivation is: `externalParameters` is `{ operation, parameters, … }` of the manifest. */
export const DERIVATION_BUILD_TYPE = "urn:assay:build:derivation/v1";

export interface SlsaProvenancePredicate {
  readonly buildDefinition: {
    readonly buildType: string;
    readonly externalParameters: Readonly<Record<string, unknown>>;
    readonly internalParameters?: Readonly<Record<string, unknown>>;
    readonly resolvedDependencies?: readonly ResourceDescriptor[];
  };
  readonly runDetails: {
    readonly builder: {
      readonly id: string;
      readonly version?: Readonly<Record<string, string>>;
      readonly builderDependencies?: readonly ResourceDescriptor[];
    };
    readonly metadata?: {
      readonly invocationId?: string;
      readonly startedOn?: string;
      readonly finishedOn?: string;
    };
    readonly byproducts?: readonly ResourceDescriptor[];
  };
}

const schema = z.looseObject({
  buildDefinition: z.looseObject({
    buildType: words,
    externalParameters: jsonObject,
    internalParameters: jsonObject.optional(),
    resolvedDependencies: z.array(resourceDescriptor).optional(),
  }),
  runDetails: z.looseObject({
    builder: z.looseObject({
      id: words,
      version: z.record(z.string(), z.string()).optional(),
      builderDependencies: z.array(resourceDescriptor).optional(),
    }),
    metadata: z
      .looseObject({
        invocationId: z.string().optional(),
        startedOn: instant.optional(),
        finishedOn: instant.optional(),
      })
      .optional(),
    byproducts: z.array(resourceDescriptor).optional(),
  }),
});

export const slsaProvenance: PredicateKind<SlsaProvenancePredicate> = {
  predicateType: SLSA_PROVENANCE,
  schema,
  timeOf: ({ runDetails }) => runDetails.metadata?.finishedOn,
  artefactsOf: ({ buildDefinition, runDetails }) =>
    buildDefinition.buildType === DERIVATION_BUILD_TYPE
      ? (runDetails.byproducts ?? []).flatMap(({ name, digest }) =>
          name !== undefined && isFolderPath(name) && digest?.sha256 !== undefined
            ? [{ path: name, sha256: digest.sha256 }]
            : [],
        )
      : [],
};

export interface DerivationStatementInput {
  /** The manifest's `derivation`. */
  readonly derivation: Derivation;
  readonly tool: Tool;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Files of the folder that the operation wrote, such as `derivation/removed.jsonl`. */
  readonly artefacts?: readonly Artefact[];
  /** `map`: the code that made the records, by digest. */
  readonly code?: readonly ResourceDescriptor[];
  /** `map`: parameters of the code. */
  readonly codeParameters?: Readonly<Record<string, unknown>>;
}

/**
 * Builds the statement that says how a data set was derived. Each parent is three dependencies, one digest each, as in
 * the subjects of statements.
 *
 * @throws RangeError when an artefact is not a path inside the folder
 */
export function buildDerivationStatement(
  heads: ManifestHeads,
  input: DerivationStatementInput,
): Statement<SlsaProvenancePredicate> {
  const { derivation, tool, startedAt, finishedAt, artefacts = [], code, codeParameters } = input;
  for (const { path } of artefacts) {
    if (!folderPath.safeParse(path).success)
      throw new RangeError(`artefacts: "${path}" is not a path inside the folder`);
  }
  return {
    _type: STATEMENT_TYPE,
    subject: subjectsOf(heads),
    predicateType: SLSA_PROVENANCE,
    predicate: {
      buildDefinition: {
        buildType: DERIVATION_BUILD_TYPE,
        externalParameters: {
          operation: derivation.operation,
          parameters: derivation.parameters,
          ...(codeParameters === undefined ? {} : { codeParameters }),
        },
        resolvedDependencies: derivation.parents.flatMap((parent, index) => [
          { name: `parent-${index}/manifest.json`, digest: { sha256: parent.manifest } },
          { name: `parent-${index}`, digest: { assayDataset: assayDataset(parent) } },
          { name: `parent-${index}#set`, digest: { assaySet: assaySet(parent) } },
        ]),
      },
      runDetails: {
        builder: {
          id: `urn:assay:builder:${tool.name}`,
          version: { [tool.name]: tool.version },
          ...(code === undefined ? {} : { builderDependencies: code }),
        },
        metadata: { startedOn: startedAt, finishedOn: finishedAt },
        byproducts: artefacts.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } })),
      },
    },
  };
}
