/** Which of the two an answer has: the peaks of a computed step, or a floor. */

import type { Estimate, MemoryFloor, MemoryResult } from "../result.js";

/** The peaks of an answer; undefined where they are not computed. Example: peaksOf(estimate({ model: "gpt2" })) // undefined */
export function peaksOf({ memory }: Pick<Estimate, "memory">): MemoryResult | undefined {
  return memory?.at_least === undefined ? memory : undefined;
}

/** What max_memory_reserved reports, under the allocator that the stack sets where it does. Unit: bytes. */
export function reservedOf({ reserved_peak: usual, allocator }: MemoryResult): number {
  return allocator?.reserved_peak ?? usual;
}

/** The floor of an answer whose peaks are not computed. Example: floorOf(estimate({ model: "gpt2", training: {} })) // undefined */
export function floorOf({ memory }: Pick<Estimate, "memory">): MemoryFloor | undefined {
  return memory?.at_least === undefined ? undefined : memory;
}
