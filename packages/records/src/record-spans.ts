/** Where records stand that a scanner has found: places that grow as they are needed, and no object per record. */
export class RecordSpans {
  /** Record i of the last call is `bytes[begins[i], ends[i])`. */
  begins = new Int32Array(1024);
  ends = new Int32Array(1024);
  /** The line on which it begins, from 1. */
  lines = new Float64Array(1024);
  records = 0;
  /** Line of the next byte. */
  line = 1;

  protected add(begin: number, end: number): void {
    const i = this.records++;
    if (i === this.begins.length) {
      const [begins, ends, lines] = [new Int32Array(2 * i), new Int32Array(2 * i), new Float64Array(2 * i)];
      begins.set(this.begins);
      ends.set(this.ends);
      lines.set(this.lines);
      [this.begins, this.ends, this.lines] = [begins, ends, lines];
    }
    this.begins[i] = begin;
    this.ends[i] = end;
    this.lines[i] = this.line;
  }
}
