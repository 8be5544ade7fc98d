/**
 * The checks `outliers.lof`, `outliers.ecod`, `outliers.copod` and `outliers.hbos`, scores that many know, and the parts of the
 * score of `outliers` alone, `outliers.isolation`, `outliers.neighbours` and `outliers.covariance`: for who compares.
 */

import type { Check, CheckContext, CheckData, CheckResult, DataShape } from "../check.js";
import { featureColumns } from "../columns.js";
import { embeddingColumns, embeddingNotes } from "../embedding-columns.js";
import { featuresOf, leftNotes } from "../features.js";
import { matrixBytes } from "../matrices.js";
import { copodScores, ecodScores } from "../numeric/empirical-tails.js";
import { histogramScores } from "../numeric/histogram-score.js";
import { localOutlierFactors } from "../numeric/local-outlier-factor.js";
import type { DenseMatrix } from "../numeric/matrix.js";
import { type Neighbours, TREE_COLUMNS } from "../numeric/nearest-neighbours.js";
import { type Range, rangesOf, surroundings, TASKS } from "../numeric-tasks.js";
import { completed, skipped } from "../outcome.js";
import { roundScore } from "../scores.js";
import { tableKind } from "../table-builder.js";
import { distinctRows } from "./distinct-rows.js";
import { scoreOutliers, VIEWS, type View } from "./outlier-score.js";
import { rankedRows, rankingLength } from "./ranked-rows.js";
import { scaledMatrix } from "./scaled-matrix.js";

export type ClassicMethod = "lof" | "ecod" | "copod" | "hbos" | View;

/** Options of the classic scores. */
export interface ClassicOptions {
  /** `lof`: nearest records that a record is compared with. A whole number from 1; default 20. */
  readonly neighbours?: number;
  /** `hbos`: bins of each column. A whole number from 1 to 10,000; default 10. */
  readonly bins?: number;
}

const VERSION = "1";
const MAX_BINS = 10_000;
/** Records × records × columns above which local factors are not worked out: some minutes. */
const MAX_PAIR_WORK = 1e12;

/**
 * One classic outlier score of the numeric columns: the local outlier factor (`lof`, Breunig et al. 2000), empirical cumulative
 * tails (`ecod`, Li et al. 2022), copula tails (`copod`, Li et al. 2020) or histograms (`hbos`, Goldstein and Dengel 2012). Or one
 * of the three views of the numbers that `outliers` averages: isolation forest (`isolation`), distance to sampled records
 * (`neighbours`), trimmed Mahalanobis distance (`covariance`), in robust deviations from its median, over distinct records.
 *
 * - *Columns* are in robust units ((x − median) / max(IQR / 1.349, a tenth of the deviation)), missing values at the median; every
 *   record counts, copies too (but for the views). On the same numbers scores are those of scikit-learn (`lof`) and PyOD (tested).
 * - *No claim*: these scores have no null, so nothing says how odd honest records are. The top hundredth are `suspects`; no
 *   findings. For findings there is `outliers`, which ranks better than each of them on most tables (`benchmarks/RESULTS.md`).
 * - *Reads* columns of numbers and dates, and embeddings where given. Runs only when it is named (`--checks`).
 * - *Cost*: `lof` compares all pairs above eight columns, 50,000 × 20 in four seconds, and is skipped beyond 10¹²
 *   (records² × columns); the others are linear or sort each column.
 *
 * @example
 * await runChecks(input, [classicOutliers("lof", { neighbours: 35 })]);
 */
export function classicOutliers(method: ClassicMethod, defaults: ClassicOptions = {}): Check<ClassicOptions> {
  const check = { id: `outliers.${method}`, version: VERSION };
  return {
    ...check,
    named: true,
    ...(method === "lof" && { settings: { neighbours: "number" as const } }),
    ...(method === "hbos" && { settings: { bins: "number" as const } }),
    matrices: ["embeddings"],
    reads(shape, options) {
      const { neighbours = 20, bins = 10 } = { ...defaults, ...options };
      if (!Number.isSafeInteger(neighbours) || neighbours < 1)
        throw new RangeError(`neighbours: ${neighbours} is not a whole number from 1`);
      if (!Number.isSafeInteger(bins) || bins < 1 || bins > MAX_BINS)
        throw new RangeError(`bins: ${bins} is not a whole number from 1 to ${MAX_BINS}`);
      const columns = columnsOf(shape);
      return columns.length > 0 || shape.matrices?.embeddings !== undefined
        ? { columns }
        : { skip: "It needs a column of numbers, or embeddings." };
    },
    memory: (shape) =>
      shape.records *
      (8 * 5 * columnsOf(shape).length + matrixBytes(shape, "embeddings", 5) + (method === "lof" ? 600 : 64)),
    run: (data, options, context) => run(check, method, data, { ...defaults, ...options }, context),
  };
}

/** Texts too: they may hold numbers or dates. */
function columnsOf(shape: DataShape): readonly string[] {
  return featureColumns(shape).filter((name) => {
    const kind = shape.kinds[name] ?? "null";
    return tableKind(kind) === "number" || kind === "text" || kind === "mixed";
  });
}

async function run(
  check: { readonly id: string; readonly version: string },
  method: ClassicMethod,
  data: CheckData,
  { neighbours = 20, bins = 10 }: ClassicOptions,
  context: CheckContext,
): Promise<CheckResult> {
  const { shape } = data;
  const table = await data.table(columnsOf(shape));
  const features = featuresOf(table, { named: shape.roles.features ?? [], text: shape.roles.text });
  const embeddings = embeddingColumns(data);
  const numbers = [...features.numbers, ...embeddings];
  const notes = [...leftNotes(features.left), ...embeddingNotes(data, embeddings.length)];
  const refused = (reason: string): CheckResult => ({
    outcome: { ...skipped(check, data, context, reason), notes },
    findings: [],
  });
  if (numbers.length === 0) return refused("No column of numbers varies.");
  if (table.length < 2) return refused("One record cannot be compared with others.");
  const view = VIEWS.find((name) => name === method);
  const distinct = view && distinctRows({ ...table, columns: numbers }, () => false, context.seed);
  const { matrix } = scaledMatrix(
    numbers,
    distinct ? distinct.first : Int32Array.from({ length: table.length }, (_, row) => row),
  );
  if (method === "lof" && matrix.columns > TREE_COLUMNS && matrix.rows ** 2 * matrix.columns > MAX_PAIR_WORK)
    return refused(
      `It compares all pairs of ${matrix.rows} records in ${matrix.columns} columns, which would take hours; outliers is linear.`,
    );
  const own = await scoresOf(method, matrix, { neighbours, bins }, context);
  const scores = distinct ? Float64Array.from({ length: table.length }, (_, row) => own[distinct.placeOf(row)]!) : own;
  for (let row = 0; row < scores.length; row++) scores[row] = roundScore(scores[row]!);
  context.signal?.throwIfAborted();
  const outcome = completed(check, data, context, {
    columns: features.numbers.map(({ name }) => name),
    ...(embeddings.length > 0 && { matrices: ["embeddings" as const] }),
    examined: table.length,
    findings: 0,
    calibration: "uncalibrated",
    suspects: rankedRows(scores, rankingLength(table.length)).map((row) => data.place(row).record),
    notes,
    details: { ...(method === "lof" && { neighbours }), ...(method === "hbos" && { bins }) },
  });
  return { outcome, findings: [], scores };
}

async function scoresOf(
  method: ClassicMethod,
  matrix: DenseMatrix,
  { neighbours, bins }: Required<ClassicOptions>,
  context: CheckContext,
): Promise<Float64Array> {
  switch (method) {
    case "isolation":
    case "neighbours":
    case "covariance":
      return (await scoreOutliers(matrix, context)).rows.views[method].slice();
    case "ecod":
      return ecodScores(matrix);
    case "copod":
      return copodScores(matrix);
    case "hbos":
      return histogramScores(matrix, { bins });
    case "lof": {
      const k = Math.min(neighbours, matrix.rows - 1);
      const ranges = rangesOf(matrix.rows, Math.max(2048, Math.ceil(matrix.rows / 8)));
      const parts = await context.map<Range, Neighbours>(
        { module: TASKS, name: "surroundings", options: { matrix, k }, run: surroundings },
        ranges,
      );
      const all = { rows: new Int32Array(matrix.rows * k), squared: new Float64Array(matrix.rows * k) };
      for (const [i, { rows, squared }] of parts.entries()) {
        all.rows.set(rows, ranges[i]!.begin * k);
        all.squared.set(squared, ranges[i]!.begin * k);
      }
      return localOutlierFactors(all, k);
    }
  }
}
