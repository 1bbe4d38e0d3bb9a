/** The allocator against the judge's, in Python, over drawn sequences (conformance/allocations.py). */

import { describe, expect, it } from "vitest";
import { CachingAllocator } from "../../src/memory/replay/allocator.js";
import { readGoldens } from "./goldens.js";

interface Sequence {
  readonly expandable: boolean;
  /** Bytes of an allocation, or −1 − n for the release of allocation n. */
  readonly events: readonly number[];
  readonly allocated: readonly number[];
  readonly reserved: readonly number[];
}

const sequences = readGoldens("allocations.jsonl.gz") as readonly Sequence[];

describe.each(sequences.map((sequence, index) => ({ ...sequence, index })))(
  "sequence $index, expandable segments: $expandable",
  ({ expandable, events, allocated, reserved }) => {
    it("holds the same after every event", () => {
      const allocator = new CachingAllocator({ expandableSegments: expandable });
      const blocks: number[] = [];
      const held = events.map((event) => {
        if (event < 0) allocator.free(blocks[-1 - event] ?? Number.NaN);
        else blocks.push(allocator.malloc(event));
        return [allocator.allocated, allocator.reserved];
      });
      expect(held).toEqual(allocated.map((bytes, index) => [bytes, reserved[index]]));
      expect(allocator.peakAllocated).toBe(Math.max(...allocated));
      expect(allocator.peakReserved).toBe(Math.max(...reserved));
    });
  },
);

it("are forty, half of them in expandable segments", () => {
  expect(sequences.filter(({ expandable }) => expandable)).toHaveLength(20);
  expect(sequences).toHaveLength(40);
});
