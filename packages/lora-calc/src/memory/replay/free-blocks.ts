/** Free blocks of one pool in the order the allocator searches them: by size, then by address. */

import { NO_BLOCK } from "./blocks.js";
import type { Blocks } from "./blocks.js";

const INITIAL_LENGTH = 64;

export class FreeBlocks {
  private readonly blocks: Blocks;
  private order = new Int32Array(INITIAL_LENGTH);
  /** Size of each block in `order`: the search reads nothing else. Unit: bytes. */
  private sizes = new Float64Array(INITIAL_LENGTH);
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

  indexOf(block: number): number {
    return this.search(this.blocks.size[block] ?? 0, this.blocks.address[block] ?? 0);
  }

  /** Addresses and sizes as text. */
  layout(): string {
    const { address, size } = this.blocks;
    const blocks = [...this.order.subarray(0, this.count)];
    return blocks.map((block) => `${address[block] ?? 0}+${size[block] ?? 0}`).join();
  }

  insert(block: number): void {
    if (this.count === this.order.length) this.double();
    const position = this.indexOf(block);
    for (let at = this.count; at > position; at -= 1) this.shift(at - 1, at);
    this.put(block, position);
    this.count += 1;
  }

  removeAt(position: number): void {
    this.count -= 1;
    for (let at = position; at < this.count; at += 1) this.shift(at + 1, at);
  }

  /** Brings a block that has become smaller to its place. */
  shrunkAt(position: number): void {
    const block = this.order[position] ?? NO_BLOCK;
    let at = position;
    while (at > 0 && this.isBefore(block, at - 1)) {
      this.shift(at - 1, at);
      at -= 1;
    }
    this.put(block, at);
  }

  /** Brings a block that has become larger to its place. */
  grownAt(position: number): void {
    const block = this.order[position] ?? NO_BLOCK;
    let at = position;
    while (at + 1 < this.count && !this.isBefore(block, at + 1)) {
      this.shift(at + 1, at);
      at += 1;
    }
    this.put(block, at);
  }

  /** Whether a block comes before the one at `index`. */
  private isBefore(block: number, index: number): boolean {
    const { size, address } = this.blocks;
    const own = size[block] ?? 0;
    const other = this.sizes[index] ?? 0;
    if (own !== other) return own < other;
    return (address[block] ?? 0) < (address[this.order[index] ?? 0] ?? 0);
  }

  private put(block: number, at: number): void {
    this.order[at] = block;
    this.sizes[at] = this.blocks.size[block] ?? 0;
  }

  private shift(from: number, to: number): void {
    this.order[to] = this.order[from] ?? 0;
    this.sizes[to] = this.sizes[from] ?? 0;
  }

  /** First position whose block is not smaller than (size, address). */
  private search(size: number, address: number): number {
    const { order, sizes, blocks } = this;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const bytes = sizes[middle] ?? 0;
      const isSmaller =
        bytes < size || (bytes === size && (blocks.address[order[middle] ?? 0] ?? 0) < address);
      if (isSmaller) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private double(): void {
    const order = new Int32Array(2 * this.order.length);
    const sizes = new Float64Array(2 * this.order.length);
    order.set(this.order);
    sizes.set(this.sizes);
    this.order = order;
    this.sizes = sizes;
  }
}
