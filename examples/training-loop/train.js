/**
 * Learns a label from the numbers of a sealed data set, and from no record that is not proven.
 *
 *     node train.js train.assay LABEL [release.pub.pem]
 *
 * Softmax regression by stochastic gradient descent, three passes over the data. Each pass proves every record anew, so that a file
 * that changes between two passes ends the training.
 */

import { loadVerified } from "@assay/assay/node";

const [folder, label, trust] = process.argv.slice(2);
if (folder === undefined || label === undefined) {
  console.error("usage: node train.js FOLDER LABEL [PUBLIC_KEY]");
  process.exit(64);
}
const records = () => loadVerified(folder, trust === undefined ? {} : { trust });

/** Running mean and spread of each number, so that no unit outweighs another. */
const scales = new Map();
const classes = new Map();

/** Numbers of a record by name, but for the label. */
function* numbersOf(value) {
  for (const [name, cell] of Object.entries(value)) if (name !== label && typeof cell === "number") yield [name, cell];
}

try {
  let count = 0;
  for await (const record of records()) {
    const value = record.value();
    count++;
    for (const [name, cell] of numbersOf(value)) {
      const scale = scales.get(name) ?? { count: 0, mean: 0, squares: 0 };
      const before = cell - scale.mean;
      scale.count++;
      scale.mean += before / scale.count;
      scale.squares += before * (cell - scale.mean);
      scales.set(name, scale);
    }
    if (!classes.has(value[label])) classes.set(value[label], new Map());
  }
  console.log(`${count} records, each proven; ${scales.size} numbers, ${classes.size} classes`);

  for (let pass = 1; pass <= 3; pass++) {
    let right = 0;
    for await (const record of records()) {
      const value = record.value();
      const features = [["", 1]];
      for (const [name, cell] of numbersOf(value)) {
        const { count: seen, mean, squares } = scales.get(name);
        features.push([name, (cell - mean) / Math.sqrt(squares / seen || 1)]);
      }
      const scores = [...classes].map(([, weights]) =>
        features.reduce((sum, [name, cell]) => sum + cell * (weights.get(name) ?? 0), 0),
      );
      const most = Math.max(...scores);
      const odds = scores.map((score) => Math.exp(score - most));
      const total = odds.reduce((sum, odd) => sum + odd, 0);
      let i = 0;
      for (const [name, weights] of classes) {
        const gradient = (name === value[label] ? 1 : 0) - odds[i] / total;
        if (name === value[label] && scores[i] === most) right++;
        for (const [feature, cell] of features)
          weights.set(feature, (weights.get(feature) ?? 0) + (0.05 / pass) * gradient * cell);
        i++;
      }
    }
    console.log(`pass ${pass}: ${((100 * right) / count).toFixed(1)} % right before learning from each`);
  }
} catch (error) {
  console.error(`training stopped: ${error.message} (${error.code ?? error.name})`);
  process.exit(2);
}
