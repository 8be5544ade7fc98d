/** Classification trees by the kernel (`assembly/class-tree.ts`), to the bit those of JavaScript. */

import { type ClassTree, columnsTried, mostNodes } from "./class-tree.js";
import type { NumericKernel } from "./kernel.js";
import type { BinnedColumns } from "./random-forest.js";

/** Fields of `Trees` in the kernel, each a word. */
const FIELDS = 19;

/** A tree that is grown by the kernel, which must do nothing else while it is used; undefined where there is no memory for it. */
export function kernelTree(
  { module, room }: NumericKernel,
  { rows, columns, bins }: BinnedColumns,
  classes: number,
  bagSize: number,
  minLeaf: number,
): ClassTree | undefined {
  const memory = room(
    4 * FIELDS,
    rows * columns,
    4 * rows,
    8 * bagSize,
    8 * bagSize,
    4 * classes,
    4 * classes,
    4 * 256 + 32,
    4 * columns,
    12 * (Math.ceil(bagSize / minLeaf) + 2),
    12 * mostNodes(bagSize, minLeaf),
    4 * bagSize,
    8 * bagSize,
    4 * rows,
  );
  if (memory === undefined) return undefined;
  const { buffer, at } = memory;
  const [treesAt, binsAt, labelsAt, bagAt, scratchAt, countsAt, leftAt, headsAt, candidatesAt, pendingAt] = at;
  const [nodesAt, leafClassesAt, leafSharesAt, leavesAt] = [at[10], at[11], at[12], at[13]];
  new Int32Array(buffer, treesAt, FIELDS).set([
    binsAt,
    rows,
    columns,
    labelsAt,
    classes,
    bagSize,
    minLeaf,
    columnsTried(columns),
    bagAt,
    scratchAt,
    countsAt,
    leftAt,
    headsAt,
    candidatesAt,
    pendingAt,
    nodesAt,
    leafClassesAt,
    leafSharesAt,
    leavesAt,
  ]);
  new Uint8Array(buffer, binsAt, rows * columns).set(bins);
  new Int32Array(buffer, countsAt, classes).fill(0);
  new Int32Array(buffer, headsAt, 256).fill(-1);
  const nodes = new Int32Array(buffer, nodesAt, 3 * mostNodes(bagSize, minLeaf));
  const leafClasses = new Int32Array(buffer, leafClassesAt, bagSize);
  const leafShares = new Float64Array(buffer, leafSharesAt, bagSize);
  const leaves = new Int32Array(buffer, leavesAt, rows);
  return {
    labels: new Int32Array(buffer, labelsAt, rows),
    grow: (stream) => module.growTree(treesAt, ...stream.state()),
    addVotes(votes, trees) {
      for (let row = 0; row < rows; row++) {
        const leaf = leaves[row]!;
        if (leaf < 0) continue;
        trees[row]!++;
        for (let i = nodes[3 * leaf + 1]!; i < nodes[3 * leaf + 2]!; i++)
          votes[row * classes + leafClasses[i]!]! += leafShares[i]!;
      }
    },
  };
}
