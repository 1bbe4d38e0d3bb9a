/** A growing list of 32-bit integers: a whole run has hundreds of thousands of events. */
export class IntList {
  length = 0;
  private values = new Int32Array(1 << 14);

  push(value: number): void {
    if (this.length === this.values.length) {
      const longer = new Int32Array(2 * this.length);
      longer.set(this.values);
      this.values = longer;
    }
    this.values[this.length] = value;
    this.length += 1;
  }

  toArray(): Int32Array {
    return this.values.subarray(0, this.length);
  }
}
