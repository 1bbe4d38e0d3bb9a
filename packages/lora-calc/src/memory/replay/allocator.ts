/**
 * PyTorch's CUDA caching allocator for one device: turns allocations into blocks and segments.
 *
 * Rules (bytes): a request is rounded up to 512. Up to 1 MiB it is served by the small pool, otherwise by the large one.
 * A pool is searched best fit; without a fitting block a new segment is taken: 2 MiB for the small pool, 20 MiB for
 * requests below 10 MiB, otherwise the request rounded up to 2 MiB. A block is split when the rest is useful: at least
 * 512 in the small pool, more than 1 MiB in the large pool; an unsplit rest counts as allocated. A freed block merges
 * with free neighbours; segments are kept. Every CUDA stream has pools of its own. With expandable segments each pool is one segment that grows by pages.
 *
 * Certainty: read. Source: c10/cuda/CUDACachingAllocator.cpp; compared with the Python twin in conformance/.
 */

import { MIB } from "../../units/format.js";
import { Blocks, NO_BLOCK } from "./blocks.js";
import { FreeBlocks } from "./free-blocks.js";
import { MIN_BLOCK, plainRoundUp } from "./roundup.js";
import type { RoundUp } from "./roundup.js";
import { missing } from "../../problem/missing.js";

const SMALL_REQUEST = MIB;
const SMALL_SEGMENT = 2 * MIB;
const MEDIUM_REQUEST = 10 * MIB;
const LARGE_SEGMENT = 20 * MIB;
const LARGE_ROUNDING = 2 * MIB;
/** Distance of the made-up addresses of two segments, so that blocks of different segments never look adjacent. */
const SEGMENT_SPACING = 2 ** 42;

export interface AllocatorSettings {
  readonly expandableSegments?: boolean;
  /** Default: multiples of 512. */
  readonly roundUp?: RoundUp;
}

interface Pool {
  readonly index: number;
  readonly isSmall: boolean;
  readonly free: FreeBlocks;
  /** Last block of the expandable segment. */
  tail: number;
}

/** Blocks are numbers: millions of them come and go, and objects would keep the garbage collector busy. */
export class CachingAllocator {
  allocated = 0;
  reserved = 0;
  peakAllocated = 0;
  peakReserved = 0;
  private readonly expandable: boolean;
  private readonly blocks = new Blocks();
  /** Per stream the pool of small requests, then that of large ones. */
  private readonly pools: Pool[] = [];
  private readonly roundUp: RoundUp;
  private segments = 0;

  constructor({ expandableSegments = false, roundUp = plainRoundUp }: AllocatorSettings = {}) {
    this.expandable = expandableSegments;
    this.roundUp = roundUp;
  }

  /** A block of at least `bytes` for a stream; the caller hands it back to `free`. */
  malloc(bytes: number, stream = 0): number {
    const { blocks } = this;
    const size = this.roundUp(bytes);
    const pool = this.poolAt(2 * stream + (size <= SMALL_REQUEST ? 0 : 1));
    let index = this.indexOfFit(pool, size);
    if (index < 0) {
      const grown = this.expandable ? this.extend(pool, size) : this.newSegment(pool, size);
      pool.free.insert(grown);
      index = pool.free.indexOf(grown);
    }
    const block = this.takeFront(pool, index, size);
    this.allocated += blocks.size[block] ?? missing();
    if (this.allocated > this.peakAllocated) this.peakAllocated = this.allocated;
    if (this.reserved > this.peakReserved) this.peakReserved = this.reserved;
    return block;
  }

  free(block: number): void {
    const { blocks } = this;
    const pool = this.poolAt(blocks.pool[block] ?? missing());
    const { free } = pool;
    const size = blocks.size[block] ?? missing();
    this.allocated -= size;
    const next = blocks.next[block] ?? NO_BLOCK;
    const previous = blocks.previous[block] ?? NO_BLOCK;
    const hasNext = next !== NO_BLOCK && blocks.isFree[next] === 1;
    if (previous !== NO_BLOCK && blocks.isFree[previous] === 1) {
      if (hasNext) {
        free.removeAt(free.indexOf(next));
        this.absorbRight(pool, block, next);
      }
      const index = free.indexOf(previous);
      this.absorbRight(pool, previous, block);
      free.grownAt(index);
    } else if (hasNext) {
      const index = free.indexOf(next);
      this.absorbLeft(block, next);
      free.grownAt(index);
    } else {
      blocks.isFree[block] = 1;
      free.insert(block);
    }
  }

  /** Gives back segments that are wholly free; of an expandable one the free pages at its end. */
  emptyCache(): void {
    for (const pool of this.pools) {
      if (this.expandable) this.shrink(pool);
      else this.dropSegments(pool);
    }
  }

  private dropSegments({ free }: Pool): void {
    const { blocks } = this;
    for (let index = 0; free.at(index) !== NO_BLOCK;) {
      const block = free.at(index);
      const isWhole = blocks.previous[block] === NO_BLOCK && blocks.next[block] === NO_BLOCK;
      if (!isWhole) {
        index += 1;
        continue;
      }
      this.reserved -= blocks.size[block] ?? missing();
      free.removeAt(index);
      blocks.remove(block);
    }
  }

  private shrink(pool: Pool): void {
    const { blocks } = this;
    const { tail, free, isSmall } = pool;
    if (tail === NO_BLOCK || blocks.isFree[tail] !== 1) return;
    const start = blocks.address[tail] ?? missing();
    const size = blocks.size[tail] ?? missing();
    const kept = roundUp(start, isSmall ? SMALL_SEGMENT : LARGE_SEGMENT) - start;
    if (kept >= size) return;
    free.removeAt(free.indexOf(tail));
    this.reserved -= size - kept;
    if (kept > 0) {
      blocks.size[tail] = kept;
      free.insert(tail);
      return;
    }
    const before = blocks.previous[tail] ?? NO_BLOCK;
    if (before !== NO_BLOCK) blocks.next[before] = NO_BLOCK;
    pool.tail = before;
    blocks.remove(tail);
  }

  /** Bytes of a block in use: the request rounded up, and a rest that was not split off. */
  sizeOf(block: number): number {
    return this.blocks.size[block] ?? missing();
  }

  addressOf(block: number): number {
    return this.blocks.address[block] ?? missing();
  }

  /** Free blocks of all pools as text, to compare two moments. */
  freeLayout(): string {
    return this.pools.map(({ free }) => free.layout()).join(";");
  }

  private poolAt(index: number): Pool {
    const { pools, blocks } = this;
    for (let next = pools.length; next <= index; next += 1) {
      pools.push({
        ...{ index: next, isSmall: next % 2 === 0 },
        ...{ free: new FreeBlocks(blocks), tail: NO_BLOCK },
      });
    }
    return pools[index] ?? missing();
  }

  /** Index of the smallest free block that fits, -1 without one; the growing tail counts as the largest one. */
  private indexOfFit({ free, tail }: Pool, size: number): number {
    const index = free.indexOfFit(size);
    const first = free.at(index);
    if (first === NO_BLOCK) return -1;
    return first === tail && free.at(index + 1) !== NO_BLOCK ? index + 1 : index;
  }

  private newSegment({ isSmall, index }: Pool, size: number): number {
    const segment = segmentSize(isSmall, size);
    this.reserved += segment;
    this.segments += 1;
    return this.blocks.addFree(this.segments * SEGMENT_SPACING, segment, index);
  }

  /** Maps new pages behind the expandable segment; a free block at its end is extended. Not among the free ones yet. */
  private extend(pool: Pool, size: number): number {
    const { blocks } = this;
    const { tail, isSmall, free } = pool;
    const page = isSmall ? SMALL_SEGMENT : LARGE_SEGMENT;
    const isReusable = tail !== NO_BLOCK && blocks.isFree[tail] === 1;
    const tailSize = tail === NO_BLOCK ? 0 : (blocks.size[tail] ?? missing());
    const grown = roundUp(size - (isReusable ? tailSize : 0), page);
    this.reserved += grown;
    if (isReusable) {
      free.removeAt(free.indexOf(tail));
      blocks.size[tail] = tailSize + grown;
      return tail;
    }
    const address = tail === NO_BLOCK ? 0 : (blocks.address[tail] ?? missing()) + tailSize;
    const block = blocks.addFree(address, grown, pool.index);
    blocks.link(tail, block);
    pool.tail = block;
    return block;
  }

  /** Hands out the front of a free block; a useful rest stays free under the block's own number. */
  private takeFront(pool: Pool, index: number, size: number): number {
    const { blocks } = this;
    const { free, isSmall } = pool;
    const block = free.at(index);
    const rest = (blocks.size[block] ?? missing()) - size;
    const isUseful = isSmall || this.expandable ? rest >= MIN_BLOCK : rest > SMALL_REQUEST;
    if (!isUseful) {
      free.removeAt(index);
      blocks.isFree[block] = 0;
      return block;
    }
    const address = blocks.address[block] ?? missing();
    const front = blocks.addFree(address, size, pool.index);
    blocks.isFree[front] = 0;
    blocks.link(blocks.previous[block] ?? NO_BLOCK, front);
    blocks.link(front, block);
    blocks.address[block] = address + size;
    blocks.size[block] = rest;
    free.shrunkAt(index);
    return front;
  }

  /** Appends a block to its left neighbour. */
  private absorbRight(pool: Pool, left: number, right: number): void {
    const { blocks } = this;
    blocks.size[left] = (blocks.size[left] ?? missing()) + (blocks.size[right] ?? missing());
    blocks.link(left, blocks.next[right] ?? NO_BLOCK);
    if (pool.tail === right) pool.tail = left;
    blocks.remove(right);
  }

  /** Puts a block in front of its right neighbour. */
  private absorbLeft(left: number, right: number): void {
    const { blocks } = this;
    blocks.address[right] = blocks.address[left] ?? missing();
    blocks.size[right] = (blocks.size[right] ?? missing()) + (blocks.size[left] ?? missing());
    const previous = blocks.previous[left] ?? NO_BLOCK;
    blocks.previous[right] = previous;
    blocks.link(previous, right);
    blocks.remove(left);
  }
}

function segmentSize(isSmall: boolean, size: number): number {
  if (isSmall) return SMALL_SEGMENT;
  return size < MEDIUM_REQUEST ? LARGE_SEGMENT : roundUp(size, LARGE_ROUNDING);
}

function roundUp(size: number, multiple: number): number {
  return Math.ceil(size / multiple) * multiple;
}
