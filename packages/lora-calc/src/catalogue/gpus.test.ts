import { describe, expect, it } from "vitest";
import { InputError } from "../problem/problem.js";
import { findGpu, listGpus } from "./gpus.js";

describe("findGpu", () => {
  it.each([
    ["A100 SXM 80GB", "A100 80GB SXM"],
    ["a100-80gb-sxm", "A100 80GB SXM"],
    ["H100 80GB SXM", "H100 SXM 80GB"],
    ["NVIDIA GeForce RTX 4090 24GB", "RTX 4090"],
    ["4090", "RTX 4090"],
    ["RTX 4090 48GB", "RTX 4090 48GB (modified)"],
    ["Tesla T4 16GB", "T4"],
    ["NVIDIA L40S 48GB", "L40S"],
    ["3090 ti", "RTX 3090 Ti"],
    ["NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada"],
    ["NVIDIA A100-SXM4-80GB", "A100 80GB SXM"],
    ["NVIDIA GeForce GTX 1080 Ti", "GTX 1080 Ti"],
    ["1080ti", "GTX 1080 Ti"],
    ["NVIDIA GeForce RTX 4060 Laptop GPU", "RTX 4060 Laptop"],
    ["Quadro RTX 8000", "Quadro RTX 8000"],
    ["AMD Instinct MI300X", "MI300X"],
    ["MI250X 64GB", "MI250X"],
    ["AMD Radeon RX 7900 XTX", "RX 7900 XTX"],
    ["Jetson AGX Orin", "Jetson AGX Orin 64GB"],
  ])("%s is %s", (typed, name) => expect(findGpu(typed).name).toBe(name));

  it.each([
    // Cards of these names with less memory exist.
    ["RTX 2060", "RTX 2060 12GB"],
    ["RTX 4060 Ti", "RTX 4060 Ti 16GB"],
    ["A100", "A100 40GB"],
    ["V100", "V100 16GB"],
    ["A100 SXM 48GB", "A100 40GB"],
    ["RTX 3090 12GB", "RTX 3090"],
    ["RTX 4091", "RTX 4090"],
  ])("%s is refused, and %s is the nearest", (typed, nearest) => {
    let problem;
    try {
      findGpu(typed);
    } catch (error) {
      if (error instanceof InputError) ({ problem } = error);
    }
    expect(problem).toMatchObject({ code: "unknown_gpu", received: typed, nearest });
  });

  it("finds every card by each of its names, with the memory on its box behind it", () => {
    for (const row of listGpus())
      for (const name of [row.id, row.name, ...(row.names ?? [])]) {
        expect(findGpu(name)).toBe(row);
        expect(findGpu(`NVIDIA ${name} ${row.boxGB}GB`), name).toBe(row);
      }
  });
});
