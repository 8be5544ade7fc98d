/** Small data sets for the command, made by formulas, so that every run of the tests sees the same bytes. */

/** Numbers in [0, 1) that only look random. */
export function seededNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** A clean CSV of two classes: header `id,size,weight,label`, then `records` lines. */
export function cleanCsv(records: number, seed = 7): string {
  const next = seededNumbers(seed);
  let text = "id,size,weight,label\n";
  for (let id = 0; id < records; id++) {
    const isLarge = id % 2 === 1;
    const size = (isLarge ? 10 : 0) + next() + next() + next();
    const weight = (isLarge ? 5 : -5) + next() + next() + next();
    text += `${id},${size.toFixed(4)},${weight.toFixed(4)},${isLarge ? "yes" : "no"}\n`;
  }
  return text;
}

/** {@link cleanCsv} with the first `copies` records once more at the end: exact duplicates, which are findings. */
export function repeatedCsv(records: number, copies: number): string {
  const text = cleanCsv(records);
  return `${text}${text
    .split("\n")
    .slice(1, copies + 1)
    .join("\n")}\n`;
}
