import { describe, expect, it } from "vitest";
import { bytesOf, bytesPerElement, elementCount, isDtype } from "./dtype.js";

/** torch.empty((), dtype=…).element_size(), torch 2.13. */
const SIZES = [
  ["float64", 8],
  ["float32", 4],
  ["float16", 2],
  ["bfloat16", 2],
  ["float8_e4m3fn", 1],
  ["complex64", 8],
  ["int64", 8],
  ["int32", 4],
  ["int8", 1],
  ["uint8", 1],
  ["uint64", 8],
  ["bool", 1],
] as const;

describe("a dtype", () => {
  it.each(SIZES)("%s has elements of %d bytes", (dtype, bytes) => {
    expect(bytesPerElement(dtype)).toBe(bytes);
    expect(bytesOf(1000, dtype)).toBe(1000 * bytes);
    expect(isDtype(dtype)).toBe(true);
  });

  it.each(["toString", "F32", "", 4, null, undefined, ["float32"]])("is not %j", (value) => {
    expect(isDtype(value)).toBe(false);
  });
});

it.each([
  [[], 1],
  [[7], 7],
  [[2, 3, 4], 24],
  [[5, 0], 0],
])("a tensor of shape %j has %d elements", (shape, count) =>
  expect(elementCount(shape)).toBe(count),
);
