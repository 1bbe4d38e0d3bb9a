/**
 * PyTorch's CUDA caching allocator for one device and one stream: turns allocations into blocks and segments.
 *
 * Rules (bytes): a request is rounded up to 512. Up to 1 MiB it is served by the small pool, otherwise by the large one.
 * A pool is searched best fit; without a fitting block a new segment is taken: 2 MiB for the small pool, 20 MiB for
 * requests below 10 MiB, otherwise the request rounded up to 2 MiB. A block is split when the rest is useful: at least
 * 512 in the small pool, more than 1 MiB in the large pool; an unsplit rest counts as allocated. A freed block merges
 * with free neighbours; segments are kept. With expandable segments each pool is one segment that grows by pages.
 *
 * Certainty: derived. Source: c10/cuda/CUDACachingAllocator.cpp; compared with the Python twin in conformance/.
 */

import { MIB } from "../units/format.js";
import { FreeBlocks } from "./free-blocks.js";

const MIN_BLOCK = 512;
const SMALL_REQUEST = MIB;
const SMALL_SEGMENT = 2 * MIB;
const MEDIUM_REQUEST = 10 * MIB;
const LARGE_SEGMENT = 20 * MIB;
const LARGE_ROUNDING = 2 * MIB;
/** Distance of the made-up addresses of two segments, so that blocks of different segments never look adjacent. */
const SEGMENT_SPACING = 2 ** 42;

/** A stretch of one segment, free or in use. */
export interface Block {
  address: number;
  size: number;
  isFree: boolean;
  readonly pool: Pool;
  previous: Block | undefined;
  next: Block | undefined;
}

interface Pool {
  readonly isSmall: boolean;
  readonly free: FreeBlocks;
  /** Last block of the expandable segment. */
  tail: Block | undefined;
}

function newPool(isSmall: boolean): Pool {
  return { isSmall, free: new FreeBlocks(), tail: undefined };
}

export class CachingAllocator {
  allocated = 0;
  reserved = 0;
  peakAllocated = 0;
  peakReserved = 0;
  private readonly expandable: boolean;
  private readonly small = newPool(true);
  private readonly large = newPool(false);
  private segments = 0;

  constructor(options: { readonly expandableSegments?: boolean } = {}) {
    this.expandable = options.expandableSegments ?? false;
  }

  /** A block of at least `bytes`; the caller hands it back to `free`. */
  malloc(bytes: number): Block {
    const size = roundUp(bytes, MIN_BLOCK);
    const pool = size <= SMALL_REQUEST ? this.small : this.large;
    const block = this.takeFree(pool, size) ?? this.grow(pool, size);
    block.isFree = false;
    this.split(pool, block, size);
    this.allocated += block.size;
    if (this.allocated > this.peakAllocated) this.peakAllocated = this.allocated;
    if (this.reserved > this.peakReserved) this.peakReserved = this.reserved;
    return block;
  }

  free(block: Block): void {
    const { pool } = block;
    this.allocated -= block.size;
    let merged = block;
    const { next, previous } = block;
    if (next?.isFree === true) {
      pool.free.remove(next);
      merge(pool, block, next);
    }
    if (previous?.isFree === true) {
      pool.free.remove(previous);
      merge(pool, previous, block);
      merged = previous;
    }
    merged.isFree = true;
    pool.free.insert(merged);
  }

  /** Smallest free block that fits; the growing tail of an expandable segment counts as the largest one. */
  private takeFree(pool: Pool, size: number): Block | undefined {
    const { free, tail } = pool;
    const index = free.indexOfFit(size);
    const first = free.at(index);
    if (first === undefined) return undefined;
    const second = first === tail ? free.at(index + 1) : undefined;
    const chosen = second ?? first;
    free.remove(chosen);
    return chosen;
  }

  private grow(pool: Pool, size: number): Block {
    return this.expandable ? this.extend(pool, size) : this.newSegment(pool, size);
  }

  private newSegment(pool: Pool, size: number): Block {
    const segment = segmentSize(pool, size);
    this.reserved += segment;
    this.segments += 1;
    return newBlock(pool, this.segments * SEGMENT_SPACING, segment);
  }

  /** Maps new pages behind the expandable segment; a free block at its end is extended. */
  private extend(pool: Pool, size: number): Block {
    const page = pool.isSmall ? SMALL_SEGMENT : LARGE_SEGMENT;
    const { tail } = pool;
    const isReusable = tail?.isFree === true;
    const grown = roundUp(size - (isReusable ? tail.size : 0), page);
    this.reserved += grown;
    if (isReusable) {
      pool.free.remove(tail);
      tail.size += grown;
      return tail;
    }
    const block = newBlock(pool, tail === undefined ? 0 : tail.address + tail.size, grown);
    block.previous = tail;
    if (tail !== undefined) tail.next = block;
    pool.tail = block;
    return block;
  }

  private split(pool: Pool, block: Block, size: number): void {
    const rest = block.size - size;
    const isUseful = pool.isSmall || this.expandable ? rest >= MIN_BLOCK : rest > SMALL_REQUEST;
    if (!isUseful) return;
    const remainder = newBlock(pool, block.address + size, rest);
    remainder.previous = block;
    remainder.next = block.next;
    if (block.next !== undefined) block.next.previous = remainder;
    block.next = remainder;
    block.size = size;
    if (pool.tail === block) pool.tail = remainder;
    remainder.isFree = true;
    pool.free.insert(remainder);
  }
}

function newBlock(pool: Pool, address: number, size: number): Block {
  return { address, size, isFree: false, pool, previous: undefined, next: undefined };
}

function segmentSize({ isSmall }: Pool, size: number): number {
  if (isSmall) return SMALL_SEGMENT;
  return size < MEDIUM_REQUEST ? LARGE_SEGMENT : roundUp(size, LARGE_ROUNDING);
}

function merge(pool: Pool, left: Block, right: Block): void {
  left.size += right.size;
  left.next = right.next;
  if (right.next !== undefined) right.next.previous = left;
  if (pool.tail === right) pool.tail = left;
}

function roundUp(size: number, multiple: number): number {
  return Math.ceil(size / multiple) * multiple;
}
