/** Bands around the peaks, from the evidence for them. */

import type { MemoryEstimate } from "./estimate-memory.js";
import type { Evidence } from "./evidence.js";

type Band = readonly [low: number, high: number];

export interface Bands {
  readonly allocated: Band;
  readonly reserved: Band;
  readonly process: Band;
}

/**
 * Reserved is never below allocated. What is uncertain of the process are things that know nothing of each other, the
 * allocator's cache, the CUDA context and NCCL's buffers: their widths add as squares.
 */
export function bandsOf(
  estimate: MemoryEstimate,
  { allocated: of, reserved: ofCache }: Evidence,
): Bands {
  const { context, nccl, processPeak, allocatedPeak, reservedInForce: reservedPeak } = estimate;
  const allocated = around(allocatedPeak, of);
  const [low, high] = around(reservedPeak, ofCache);
  const reserved: Band = [Math.max(low, allocated[0]), high];
  return {
    allocated,
    reserved,
    process: [
      Math.floor(processPeak - Math.hypot(reservedPeak - reserved[0], context.below, nccl.below)),
      Math.ceil(processPeak + Math.hypot(reserved[1] - reservedPeak, context.above, nccl.above)),
    ],
  };
}

function around(bytes: number, [below, above]: readonly [number, number]): Band {
  return [Math.floor(bytes * (1 - below)), Math.ceil(bytes * (1 + above))];
}
