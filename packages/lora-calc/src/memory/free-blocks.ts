/** Free blocks of one pool in the order the allocator searches them: by size, then by address. */

import type { Block } from "./allocator.js";

export class FreeBlocks {
  private readonly blocks: Block[] = [];

  at(index: number): Block | undefined {
    return this.blocks[index];
  }

  /** Index of the smallest block of at least `size`. */
  indexOfFit(size: number): number {
    return this.search(size, -1);
  }

  insert(block: Block): void {
    this.blocks.splice(this.search(block.size, block.address), 0, block);
  }

  remove(block: Block): void {
    this.blocks.splice(this.search(block.size, block.address), 1);
  }

  /** First position whose block is not smaller than (size, address). */
  private search(size: number, address: number): number {
    const { blocks } = this;
    let low = 0;
    let high = blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const block = blocks[middle];
      if (block === undefined) break;
      if (block.size < size || (block.size === size && block.address < address)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
