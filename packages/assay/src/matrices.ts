/** Matrices beside the data set that checks read: class probabilities and embeddings, and what statements say of them. */

import type { MatrixUse, RecordMatrix } from "@assay/checks";
import type { CheckRunPredicate } from "@assay/provenance";
import { matrixDigest } from "@assay/records/matrix";

/** A matrix of finite numbers, one row a record by ordinal over all files in path order. */
export interface GivenMatrix extends RecordMatrix {
  /** What statements call it: a name, not a path of the machine. Default its use. */
  readonly name?: string;
  /** SHA-256 of the file that it was read from, lower-case hex. Default: that of the numbers (`matrixDigest`). */
  readonly sha256?: string;
}

export interface GivenMatrices {
  /**
   * Class probabilities of every record, made out of fold: one column a class, named by label or in ascending order of the
   * labels. They take the place of the classifiers of `label-flips`, and need `label`. Default none.
   */
  readonly probabilities?: GivenMatrix;
  /** Embeddings of every record: features of `label-flips` and `outliers`. Default none. */
  readonly embeddings?: GivenMatrix;
}

const USES: readonly MatrixUse[] = ["probabilities", "embeddings"];

/** The matrices among the options. */
export function matricesOf({ probabilities, embeddings }: GivenMatrices): GivenMatrices {
  return { ...(probabilities !== undefined && { probabilities }), ...(embeddings !== undefined && { embeddings }) };
}

/** The matrices of a run by name and digest, as the check-run statement lists what was read besides the data. */
export function inputsOfMatrices(given: GivenMatrices): CheckRunPredicate["inputs"] {
  return USES.flatMap((use) => {
    const matrix = given[use];
    if (matrix === undefined) return [];
    const { name = use, sha256 = matrixDigest(matrix) } = matrix;
    return [{ name, use, sha256 }];
  });
}

/** Names of the matrices of a run by their use, as its configuration names them. */
export function namesOfMatrices(given: GivenMatrices): Readonly<Partial<Record<MatrixUse, string>>> {
  return Object.fromEntries(inputsOfMatrices(given).map(({ use, name }) => [use, name]));
}
