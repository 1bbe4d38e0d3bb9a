import { describe, expect, it } from "vitest";
import { InputError } from "../problem/problem.js";
import type { Problem } from "../problem/problem.js";
import { headerEnd, parseHeader } from "./safetensors-header.js";

/** The first 8 bytes of a file whose header has `length` bytes. */
function start(length: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  return bytes;
}

function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof InputError) return error.problem;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("headerEnd", () => {
  it("reads the length as a little-endian number and counts itself", () => {
    expect(headerEnd(start(2), "a", 10)).toBe(10);
    expect(headerEnd(start(300), "a", 10_000)).toBe(308);
  });

  it("reads from the middle of a larger buffer", () => {
    const buffer = new Uint8Array(24);
    buffer.set(start(77), 16);
    expect(headerEnd(buffer.subarray(16), "a", 1000)).toBe(85);
  });

  it.each([
    [start(2).subarray(0, 7), 100, "is too short"],
    [start(3), 10, "ends inside its header"],
    [
      new TextEncoder().encode("version https://git-lfs"),
      130,
      "is a Git LFS pointer, not the file itself",
    ],
  ])("refuses what is no file of tensors", (bytes, fileBytes, what) => {
    const problem = problemOf(() => headerEnd(bytes, "x.safetensors", fileBytes));
    expect(problem).toMatchObject({ code: "unreadable_file", path: "", received: "x.safetensors" });
    expect(problem.message).toContain(`x.safetensors ${what}`);
    expect(problem.message).toContain("it should be a safetensors file");
    expect(problem.expected).toContain("model.safetensors.index.json");
  });

  it("refuses a header above the limit, and reads one at it", () => {
    expect(headerEnd(start(5_000_000), "a", 1e9)).toBe(5_000_008);
    const problem = problemOf(() => headerEnd(start(5_000_001), "a", 1e9));
    expect(problem).toMatchObject({
      code: "limit_exceeded",
      received: 5_000_001,
      expected: "at most 5000000 bytes",
    });
    expect(problem.message).toBe(
      "the header of a has 5000001 bytes; at most 5000000 bytes (5 MB) are read",
    );
  });
});

describe("parseHeader", () => {
  it("is the object of tensors", () => {
    expect(parseHeader('{"w": {"dtype": "F32"}}', "a")).toEqual({ w: { dtype: "F32" } });
  });

  it.each(["[]", "3", "null", '"text"'])("refuses %s", (text) => {
    expect(problemOf(() => parseHeader(text, "a")).message).toContain("a has no header of tensors");
  });

  it("says whose text is broken", () => {
    expect(problemOf(() => parseHeader("{", "a")).message).toContain("the header of a is not JSON");
  });
});
