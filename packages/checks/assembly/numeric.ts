/**
 * Inner loops of numeric kernels (WebAssembly SIMD). AssemblyScript, compiled by `build.js`.
 *
 * Nothing is checked here: addresses and numbers come from `src/numeric`, which checks them. A lane of a vector belongs to one
 * row and adds in the order of the columns, so that JavaScript, doing one row after the other, gets the same bits.
 */

export { growTree } from "./class-tree";
export { addCentredProducts, addWeightedRows, squaredLengths } from "./covariance";
export { deconvolve } from "./deconvolution";
export { fillTiles, leastDistances, searchNearest } from "./distances";
export { logisticSlopes } from "./logistic";
export { addPaths } from "./isolation-paths";
