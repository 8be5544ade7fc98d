/** Matrices in files that options or the config file name. */

import { dirname, resolve } from "node:path";
import type { Executor } from "@assay/records";
import { readMatrix } from "@assay/records/matrix";
import { openMatrixFile } from "@assay/records/node";
import type { AssayConfig } from "../config.js";
import type { GivenMatrices, GivenMatrix } from "../matrices.js";
import { workOf } from "./executor.js";
import { openNamedFile } from "./named-file.js";
import type { CheckingChoice, Work } from "./options.js";

/** Paths of matrices: those that were named, else those of the config file, which are relative to it. */
export function matrixPaths(
  { probabilities, embeddings }: Pick<CheckingChoice, "probabilities" | "embeddings">,
  config?: Pick<AssayConfig, "checks">,
  configPath?: string,
): Pick<CheckingChoice, "probabilities" | "embeddings"> {
  const beside = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(dirname(configPath ?? "."), path);
  const found = {
    probabilities: probabilities ?? beside(config?.checks?.probabilities),
    embeddings: embeddings ?? beside(config?.checks?.embeddings),
  };
  return Object.fromEntries(Object.entries(found).filter(([, path]) => path !== undefined));
}

/**
 * Reads the matrices of some paths.
 *
 * @throws SourceError where a file cannot be read; FormatError `bad-matrix`, or what its reader refuses.
 */
export async function readMatrices(
  { probabilities, embeddings }: Pick<CheckingChoice, "probabilities" | "embeddings">,
  executor: Executor,
  work: Work,
): Promise<GivenMatrices> {
  const read = async (option: string, path: string): Promise<GivenMatrix> => {
    const source = await openNamedFile(option, () => openMatrixFile(path));
    return readMatrix(source, { executor, ...workOf(work) });
  };
  return {
    ...(probabilities !== undefined && { probabilities: await read("--probabilities", probabilities) }),
    ...(embeddings !== undefined && { embeddings: await read("--embeddings", embeddings) }),
  };
}
