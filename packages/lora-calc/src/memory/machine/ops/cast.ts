/** Changes of dtype, explicit and by autocast. */

import type { Dtype } from "../../../units/dtype.js";
import type { HalfDtype } from "../autocast.js";
import { elementwiseStrides, isDense } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";

/** `tensor.to(dtype)`: the same tensor when it already has the dtype, a copy otherwise. */
export function cast(m: Machine, input: Tensor, dtype: Dtype): Tensor {
  if (input.dtype === dtype) return input;
  const node = m.track("ToCopyBackward0", [input]);
  const output = m.empty("_to_copy", input.shape, dtype, copiedStrides(input));
  if (node !== undefined) {
    const original = input.dtype;
    node.backward = (gradient) => [cast(m, gradient, original)];
  }
  m.finish(node, [output], [input]);
  return output;
}

/** Without gaps as they are, of dimensions of size 1, too. Source: torch 2.13 aten/src/ATen/native/TensorConversions.cpp `_to_copy`. */
function copiedStrides(input: Tensor): readonly number[] {
  const { shape, strides } = input;
  return isDense(shape, strides) ? strides : elementwiseStrides([input], shape);
}

/** 16-bit operand of a matrix product under autocast. Casts of trainable fp32 leaves are kept until autocast ends. */
export function autocastToHalf(m: Machine, input: Tensor): Tensor {
  const { dtype } = m.autocast;
  if (dtype === undefined || input.dtype === dtype || !isFloating(input.dtype)) return input;
  if (input.dtype !== "float32" || !input.requiresGrad || !input.isLeaf) {
    return cast(m, input, dtype);
  }
  const known = m.autocast.cache.get(input);
  if (known !== undefined) return known;
  const half = m.retain(cast(m, input, dtype));
  m.autocast.cache.set(input, half);
  return half;
}

/** fp32 operand of an operation that autocast runs in full precision. */
export function autocastToFloat(m: Machine, input: Tensor): Tensor {
  return input.dtype === m.autocast.dtype ? cast(m, input, "float32") : input;
}

/** `with torch.autocast(...)`, off without a dtype: remembered casts end with the outermost block. */
export function withAutocast<Result>(
  m: Machine,
  dtype: HalfDtype | undefined,
  body: () => Result,
): Result {
  const { autocast } = m;
  const before = autocast.dtype;
  autocast.dtype = dtype;
  autocast.depth += 1;
  try {
    return body();
  } finally {
    autocast.dtype = before;
    autocast.depth -= 1;
    if (autocast.depth === 0) {
      for (const half of autocast.cache.values()) m.release(half);
      autocast.cache.clear();
    }
  }
}

/** dtype of the result of an elementwise operation on tensors. */
export function promote(left: Dtype, right: Dtype): Dtype {
  if (left === right) return left;
  if (isHalf(left) && isHalf(right)) return "float32";
  const rank = (dtype: Dtype): number => PROMOTION_ORDER.indexOf(dtype);
  return rank(left) > rank(right) ? left : right;
}

/** The same of tensors: one without dimensions widens no other. Source: torch `result_type`. */
export function promoted(left: Tensor, right: Tensor): Dtype {
  const [isNumber, isOtherNumber] = [left.shape.length === 0, right.shape.length === 0];
  if (isNumber === isOtherNumber || !isFloating(left.dtype) || !isFloating(right.dtype)) {
    return promote(left.dtype, right.dtype);
  }
  return isNumber ? right.dtype : left.dtype;
}

/** From narrow to wide; the two 16-bit floats together give float32. */
const PROMOTION_ORDER: readonly Dtype[] = [
  "bool",
  "uint8",
  "int8",
  "int32",
  "int64",
  "float16",
  "bfloat16",
  "float32",
];

function isHalf(dtype: Dtype): boolean {
  return dtype === "float16" || dtype === "bfloat16";
}

function isFloating(dtype: Dtype): boolean {
  return dtype === "float32" || dtype === "float16" || dtype === "bfloat16";
}
