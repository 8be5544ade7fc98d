/** How good a ranking or a list is. */

/** Ranks from 1, ties at their mean. */
function ranksOf(scores) {
  const order = [...scores.keys()].sort((a, b) => scores[a] - scores[b]);
  const ranks = new Float64Array(scores.length);
  for (let begin = 0, end = 0; begin < order.length; begin = end) {
    for (end = begin + 1; end < order.length && scores[order[end]] === scores[order[begin]]; ) end++;
    for (let i = begin; i < end; i++) ranks[order[i]] = (begin + 1 + end) / 2;
  }
  return ranks;
}

/** Area under the ROC curve: the chance that a bad record scores above a good one, ties half. */
export function auroc(scores, bad) {
  const ranks = ranksOf(scores);
  const count = bad.reduce((sum, mark) => sum + mark, 0);
  const sum = ranks.reduce((total, rank, i) => total + (bad[i] ? rank : 0), 0);
  return (sum - (count * (count + 1)) / 2) / (count * (bad.length - count));
}

/** Average precision: Σ (recall − recall before) × precision over thresholds, ties together (scikit-learn's definition). */
export function averagePrecision(scores, bad) {
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a]);
  const count = bad.reduce((sum, mark) => sum + mark, 0);
  let found = 0;
  let sum = 0;
  for (let begin = 0, end = 0; begin < order.length; begin = end) {
    let own = 0;
    for (end = begin; end < order.length && scores[order[end]] === scores[order[begin]]; end++) own += bad[order[end]];
    found += own;
    sum += (own / count) * (found / end);
  }
  return sum;
}

/** Precision, recall and F1 of a list of records. */
export function listQuality(listed, bad) {
  const right = listed.reduce((sum, record) => sum + bad[record], 0);
  const count = bad.reduce((sum, mark) => sum + mark, 0);
  const recall = count === 0 ? 0 : right / count;
  const falseShare = listed.length === 0 ? 0 : 1 - right / listed.length;
  return { recall, falseShare, f1: listed.length + count === 0 ? 0 : (2 * right) / (listed.length + count) };
}

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Standard error of a mean; 0 for one value. */
export function standardError(values) {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)) / (values.length - 1));
}
