/**
 * Path lengths of rows in isolation trees. A node is 16 bytes: its threshold, eight times its column, and 16 times its left
 * child, beside which stands the right one. A leaf has the threshold NaN and points one before itself, so that every row may
 * take the same number of steps: no branch depends on the data.
 */

@inline function step(row: usize, nodes: usize, node: u32): u32 {
  const at = nodes + node;
  return load<u32>(at, 12) + (u32(!(load<f64>(row + load<u32>(at, 8)) < load<f64>(at))) << 4);
}

/** Adds to `sums` of `rows` rows (a multiple of four) what `lengths` says of the nodes that they end in, tree after tree. */
export function addPaths(values: usize, rows: i32, columns: i32, nodes: usize, lengths: usize, trees: i32, perTree: i32, height: i32, sums: usize): void {
  const width: usize = 8 * columns;
  for (let i = 0; i < rows; i += 4) {
    const a = values, b = a + width, c = b + width, d = c + width;
    values = d + width;
    let sumA = load<f64>(sums), sumB = load<f64>(sums, 8), sumC = load<f64>(sums, 16), sumD = load<f64>(sums, 24);
    let tree = nodes, length = lengths;
    for (let t = 0; t < trees; t++) {
      let p: u32 = 0, q: u32 = 0, r: u32 = 0, s: u32 = 0;
      for (let h = 0; h < height; h++) {
        p = step(a, tree, p); q = step(b, tree, q); r = step(c, tree, r); s = step(d, tree, s);
      }
      sumA += load<f64>(length + (p >> 1)); sumB += load<f64>(length + (q >> 1));
      sumC += load<f64>(length + (r >> 1)); sumD += load<f64>(length + (s >> 1));
      tree += 16 * usize(perTree); length += 8 * usize(perTree);
    }
    store<f64>(sums, sumA); store<f64>(sums, sumB, 8); store<f64>(sums, sumC, 16); store<f64>(sums, sumD, 24);
    sums += 32;
  }
}
