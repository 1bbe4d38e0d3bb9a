import { expect, it } from "vitest";
import { attentionCard } from "../../../../catalogue/cuda.js";
import { chooseKernel } from "./choose-kernel.js";
import type { AttentionCall } from "./choose-kernel.js";

const CALL: AttentionCall = {
  ...{ dtype: "bfloat16", headDim: 128, hasMask: false, isGrouped: true },
  ...{ dropout: 0, needsGradient: true },
};
const HALF = { dtype: "float16" } as const;
const SINGLE = { dtype: "float32" } as const;

// sdp_utils.cpp and the headers of torch 2.13.0 and 2.14.1; conformance/tests/test_attention.py has the same table.
it.each([
  ["7.5", "13.0", HALF, "math", "efficient"],
  ["7.5", "13.0", {}, "math", "math"],
  ["7.5", "13.0", { ...HALF, isGrouped: false }, "efficient", "efficient"],
  ["8.0", "13.0", SINGLE, "math", "efficient"],
  ["8.0", "13.0", {}, "flash", "flash"],
  ["8.0", "13.0", { hasMask: true, isGrouped: false }, "efficient", "efficient"],
  ["8.6", "13.0", { headDim: 224, isGrouped: false }, "efficient", "efficient"],
  ["8.9", "13.0", { headDim: 224, needsGradient: false }, "flash", "flash"],
  ["9.0", "13.0", {}, "cudnn", "cudnn"],
  ["9.0", "12.6", {}, "flash", "flash"],
  ["9.0", "13.0", { dropout: 0.1 }, "flash", "flash"],
  ["9.0", "13.0", { headDim: 256 }, "cudnn", "cudnn"],
  ["9.0", "13.0", { headDim: 160 }, "cudnn", "flash"],
  ["9.0", "13.0", { headDim: 160, needsGradient: false }, "cudnn", "cudnn"],
  ["10.0", "13.0", { headDim: 256 }, "flash", "cudnn"],
  ["10.3", "13.2", { headDim: 160, needsGradient: false }, "flash", "cudnn"],
] as const)("on %s with CUDA %s: %o", (capability, cuda, call, in213, in214) => {
  const kernels = ["2.13.0", "2.14.1"].map((torch) =>
    chooseKernel(attentionCard(capability, { torch, cuda }), { ...CALL, ...call }),
  );
  expect(kernels).toEqual([in213, in214]);
});
