/** The softmax of explicit scores. */

import type { Dtype } from "../../../units/dtype.js";
import { inside } from "../inside.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { elementwiseOutput } from "./elementwise.js";

/**
 * Softmax over the last dimension; keeps its result. Its backward multiplies gradient and result before its kernel runs.
 * From float16 to float32 it is one kernel; bfloat16 is converted before.
 *
 * Source: aten/src/ATen/native/cuda/SoftMax.cu `softmax_backward_cuda`, aten/src/ATen/native/SoftMax.cpp.
 */
export function softmax(
  m: Machine,
  given: Tensor,
  { tag = "_softmax", dtype = given.dtype }: { readonly tag?: string; readonly dtype?: Dtype } = {},
): Tensor {
  const isOneKernel = given.dtype === "float16" && dtype === "float32";
  const input = isOneKernel ? given : cast(m, given, dtype);
  const node = m.track("SoftmaxBackward0", [input]);
  const output = m.empty(tag, input.shape, dtype);
  if (node !== undefined) {
    m.saveOutput(node, output);
    const inputDtype = input.dtype;
    node.backward = (gradient) => {
      const result = elementwiseOutput(m, "_softmax_backward_data", [gradient], inputDtype);
      m.consume(m.empty("softmax_backward_product", gradient.shape, gradient.dtype));
      return [result];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}

/**
 * Softmax that gives zeros in rows of nothing but minus infinity: it looks for them in two tables of booleans.
 *
 * Source: aten/src/ATen/native/transformers/attention.cpp `_safe_softmax`; measured with the memory profiler on torch 2.13.
 */
export function safeSoftmax(m: Machine, scores: Tensor): Tensor {
  const { shape, dtype } = scores;
  const output = softmax(m, scores, { tag: "_safe_softmax" });
  inside(m, [
    ["isneginf", shape, "bool"],
    ["all", [...shape.slice(0, -1), 1], "bool"],
    ["scalar_tensor", [], dtype],
  ]);
  return output;
}
