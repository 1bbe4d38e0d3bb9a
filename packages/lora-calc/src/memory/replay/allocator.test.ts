import { describe, expect, it } from "vitest";
import { MIB } from "../../units/format.js";
import { CachingAllocator } from "./allocator.js";
import { roundUpOf } from "./roundup.js";

// Expected sizes follow from the published rules of c10/cuda/CUDACachingAllocator.cpp, one rule per test.
describe("CachingAllocator", () => {
  it("lets small requests share a segment of 2 MiB", () => {
    const allocator = new CachingAllocator();
    for (let request = 0; request < 4; request += 1) allocator.malloc(100);
    expect([allocator.allocated, allocator.reserved]).toEqual([4 * 512, 2 * MIB]);
  });

  it("gives a request of 10 MiB and more its own segment and keeps a small rest inside", () => {
    const allocator = new CachingAllocator();
    allocator.malloc(11 * MIB);
    expect([allocator.allocated, allocator.reserved]).toEqual([12 * MIB, 12 * MIB]);
  });

  it("counts a rest that is not split off as allocated", () => {
    const allocator = new CachingAllocator();
    allocator.free(allocator.malloc(30 * MIB));
    const block = allocator.malloc(29 * MIB);
    expect(allocator.allocated).toBe(30 * MIB);
    allocator.free(block);
    allocator.malloc(29 * MIB - 512);
    expect(allocator.allocated).toBe(29 * MIB - 512);
  });

  it("rounds by divisions of the power of two below, as roundup_power2_divisions sets them", () => {
    const roundUp = roundUpOf("[32:256,64:128,256:64,>:32]");
    const sizes = [100, 40, 300, 130, 1024].map((mib) => roundUp(mib * MIB + 1) - mib * MIB);
    // 64 MiB / 128, 32 MiB / 256, 256 MiB / 64, none from 128 to 255 MiB, 1 GiB / 32
    expect(sizes).toEqual([MIB / 2, MIB / 8, 4 * MIB, 512, 32 * MIB]);
    expect(roundUp(64 * MIB)).toBe(64 * MIB);
    expect(roundUpOf("")(100 * MIB + 1)).toBe(100 * MIB + 512);
  });

  it("lets no block of one stream serve another", () => {
    const allocator = new CachingAllocator({ expandableSegments: true });
    allocator.free(allocator.malloc(2 * MIB));
    allocator.malloc(2 * MIB, 1);
    expect(allocator.reserved).toBe(40 * MIB);
    allocator.malloc(2 * MIB);
    expect(allocator.reserved).toBe(40 * MIB);
  });

  it("merges free neighbours", () => {
    const allocator = new CachingAllocator();
    const [, second, third] = [0, 1, 2, 3].map(() => allocator.malloc(5 * MIB));
    expect(allocator.reserved).toBe(20 * MIB);
    for (const block of [second, third]) if (block !== undefined) allocator.free(block);
    allocator.malloc(10 * MIB);
    expect([allocator.allocated, allocator.reserved]).toEqual([20 * MIB, 20 * MIB]);
  });

  it("extends the free tail of an expandable segment", () => {
    const allocator = new CachingAllocator({ expandableSegments: true });
    allocator.malloc(15 * MIB);
    allocator.malloc(10 * MIB);
    expect([allocator.allocated, allocator.reserved]).toEqual([25 * MIB, 40 * MIB]);
  });
});
