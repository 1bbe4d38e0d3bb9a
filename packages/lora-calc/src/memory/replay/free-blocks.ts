/** Free blocks of one pool in the order the allocator searches them: by size, then by address. */

import { NO_BLOCK } from "./blocks.js";
import type { Blocks } from "./blocks.js";
import { missing } from "../../problem/missing.js";

const INITIAL_LENGTH = 64;
/** Fewer elements are moved one by one sooner than as a whole. */
const SHORT = 48;

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
    return this.search(
      this.blocks.size[block] ?? missing(),
      this.blocks.address[block] ?? missing(),
    );
  }

  /** Addresses and sizes as text. */
  layout(): string {
    const { address, size } = this.blocks;
    const blocks = [...this.order.subarray(0, this.count)];
    return blocks
      .map((block) => `${address[block] ?? missing()}+${size[block] ?? missing()}`)
      .join();
  }

  insert(block: number): void {
    if (this.count === this.order.length) this.double();
    const position = this.indexOf(block);
    this.move(position, position + 1);
    this.put(block, position);
    this.count += 1;
  }

  removeAt(position: number): void {
    this.move(position + 1, position);
    this.count -= 1;
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
    const own = size[block] ?? missing();
    const other = this.sizes[index] ?? missing();
    if (own !== other) return own < other;
    return (address[block] ?? missing()) < (address[this.order[index] ?? missing()] ?? missing());
  }

  private put(block: number, at: number): void {
    this.order[at] = block;
    this.sizes[at] = this.blocks.size[block] ?? missing();
  }

  /** Moves everything from a position on by one place. */
  private move(from: number, to: number): void {
    const { order, sizes, count } = this;
    if (count - from > SHORT) {
      order.copyWithin(to, from, count);
      sizes.copyWithin(to, from, count);
    } else if (to > from) {
      for (let at = count; at > from; at -= 1) this.shift(at - 1, at);
    } else {
      for (let at = from; at < count; at += 1) this.shift(at, at - 1);
    }
  }

  private shift(from: number, to: number): void {
    this.order[to] = this.order[from] ?? missing();
    this.sizes[to] = this.sizes[from] ?? missing();
  }

  /** First position whose block is not smaller than (size, address). */
  private search(size: number, address: number): number {
    const { order, sizes, blocks } = this;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const bytes = sizes[middle] ?? missing();
      const isSmaller =
        bytes < size ||
        (bytes === size && (blocks.address[order[middle] ?? missing()] ?? missing()) < address);
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
