import { describe, expect, it } from "vitest";
import { broadcastShape, contiguousStrides, elementwiseStrides, viewStrides } from "./layout.js";

describe("contiguousStrides(shape)", () => {
  it("puts the last dimension next to each other", () => {
    expect(contiguousStrides([2, 8, 512, 32])).toEqual([131072, 16384, 32, 1]);
  });
});

// Expected strides: the same calls in torch 2.13 on the CPU.
describe("viewStrides(from, strides, to)", () => {
  it("splits a dense dimension", () => {
    expect(viewStrides([2, 512, 256], [131072, 256, 1], [2, 512, 8, 32])).toEqual([
      131072, 256, 32, 1,
    ]);
  });

  it("has no strides for heads that were moved to the front", () => {
    expect(viewStrides([2, 8, 512, 32], [131072, 32, 256, 1], [16, 512, 32])).toBeUndefined();
  });

  it("joins dimensions whose strides fit", () => {
    expect(viewStrides([2, 512, 8, 32], [131072, 256, 32, 1], [1024, 256])).toEqual([256, 1]);
  });
});

describe("elementwiseStrides(operands, shape)", () => {
  it("keeps the order of dimensions of a permuted operand", () => {
    const query = { shape: [2, 8, 512, 32], strides: [131072, 32, 256, 1] };
    const table = { shape: [1, 1, 512, 32], strides: [16384, 16384, 32, 1] };
    expect(elementwiseStrides([query, table], [2, 8, 512, 32])).toEqual([131072, 32, 256, 1]);
  });

  it("lets the first operand decide between two orders", () => {
    const dense = { shape: [2, 8, 512, 32], strides: [131072, 16384, 32, 1] };
    const permuted = { shape: [2, 8, 512, 32], strides: [131072, 32, 256, 1] };
    expect(elementwiseStrides([dense, permuted], [2, 8, 512, 32])).toEqual([131072, 16384, 32, 1]);
  });
});

describe("broadcastShape(shapes)", () => {
  it("stretches dimensions of size one and missing ones", () => {
    expect(broadcastShape([[256], [2, 512, 256]])).toEqual([2, 512, 256]);
  });
});
