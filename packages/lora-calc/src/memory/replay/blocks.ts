/** Blocks of memory as rows of typed arrays: address, size, neighbours in the segment. Removed rows are used again. */

export const NO_BLOCK = -1;

const INITIAL_ROWS = 1024;

export class Blocks {
  address = new Float64Array(INITIAL_ROWS);
  size = new Float64Array(INITIAL_ROWS);
  previous = new Int32Array(INITIAL_ROWS);
  next = new Int32Array(INITIAL_ROWS);
  isFree = new Uint8Array(INITIAL_ROWS);
  /** Which pool a block is of. */
  pool = new Uint8Array(INITIAL_ROWS);
  private count = 0;
  private readonly unused: number[] = [];

  /** A free block without neighbours. */
  addFree(address: number, size: number, pool: number): number {
    const block = this.unused.pop() ?? this.nextRow();
    this.address[block] = address;
    this.size[block] = size;
    this.previous[block] = NO_BLOCK;
    this.next[block] = NO_BLOCK;
    this.isFree[block] = 1;
    this.pool[block] = pool;
    return block;
  }

  remove(block: number): void {
    this.unused.push(block);
  }

  /** Makes `right` follow `left`; either may be no block. */
  link(left: number, right: number): void {
    if (left !== NO_BLOCK) this.next[left] = right;
    if (right !== NO_BLOCK) this.previous[right] = left;
  }

  private nextRow(): number {
    const row = this.count;
    this.count += 1;
    if (row >= this.size.length) this.double();
    return row;
  }

  private double(): void {
    const rows = 2 * this.size.length;
    const longer = <Row extends Float64Array | Int32Array | Uint8Array>(
      made: Row,
      old: Row,
    ): Row => {
      made.set(old);
      return made;
    };
    this.address = longer(new Float64Array(rows), this.address);
    this.size = longer(new Float64Array(rows), this.size);
    this.previous = longer(new Int32Array(rows), this.previous);
    this.next = longer(new Int32Array(rows), this.next);
    this.isFree = longer(new Uint8Array(rows), this.isFree);
    this.pool = longer(new Uint8Array(rows), this.pool);
  }
}
