/** Free blocks of one pool in the order the allocator searches them: by size, then by address. */

import { NO_BLOCK } from "./blocks.js";
import type { Blocks } from "./blocks.js";

export class FreeBlocks {
  private readonly blocks: Blocks;
  private order = new Int32Array(64);
  private count = 0;

  constructor(blocks: Blocks) {
    this.blocks = blocks;
  }

  at(index: number): number {
    return index < this.count ? (this.order[index] ?? NO_BLOCK) : NO_BLOCK;
  }

  /** Index of the smallest block of at least `size`. */
  indexOfFit(size: number): number {
    return this.search(size, -1);
  }

  /** Addresses and sizes as text. */
  layout(): string {
    const { address, size } = this.blocks;
    const blocks = [...this.order.subarray(0, this.count)];
    return blocks.map((block) => `${address[block] ?? 0}+${size[block] ?? 0}`).join();
  }

  insert(block: number): void {
    if (this.count === this.order.length) this.double();
    const { order } = this;
    const position = this.positionOf(block);
    for (let at = this.count; at > position; at -= 1) order[at] = order[at - 1] ?? 0;
    order[position] = block;
    this.count += 1;
  }

  remove(block: number): void {
    this.removeAt(this.positionOf(block));
  }

  removeAt(position: number): void {
    const { order } = this;
    this.count -= 1;
    for (let at = position; at < this.count; at += 1) order[at] = order[at + 1] ?? 0;
  }

  private positionOf(block: number): number {
    return this.search(this.blocks.size[block] ?? 0, this.blocks.address[block] ?? 0);
  }

  /** First position whose block is not smaller than (size, address). */
  private search(wanted: number, from: number): number {
    const { order } = this;
    const { size, address } = this.blocks;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const block = order[middle] ?? 0;
      const bytes = size[block] ?? 0;
      if (bytes < wanted || (bytes === wanted && (address[block] ?? 0) < from)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private double(): void {
    const longer = new Int32Array(2 * this.order.length);
    longer.set(this.order);
    this.order = longer;
  }
}
