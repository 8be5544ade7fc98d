/** The k nearest of what was seen, for many rows at a time: nearest first, of equal distances the lower row number. */
export class NearestLists {
  /** k numbers a list; −1 where fewer were seen. */
  readonly rows: Int32Array;
  readonly distances: Float64Array;

  constructor(
    lists: number,
    readonly k: number,
  ) {
    this.rows = new Int32Array(lists * k).fill(-1);
    this.distances = new Float64Array(lists * k).fill(Number.POSITIVE_INFINITY);
  }

  /** The distance above which nothing is taken into a list: Infinity until it is full. */
  worst(list: number): number {
    return this.distances[list * this.k + this.k - 1]!;
  }

  add(list: number, distance: number, row: number): void {
    const { rows, distances, k } = this;
    const first = list * k;
    let at = first + k - 1;
    if (!(distance < distances[at]! || (distance === distances[at] && row < rows[at]!))) return;
    while (at > first && (distances[at - 1]! > distance || (distances[at - 1] === distance && rows[at - 1]! > row))) {
      distances[at] = distances[at - 1]!;
      rows[at] = rows[at - 1]!;
      at--;
    }
    distances[at] = distance;
    rows[at] = row;
  }
}
