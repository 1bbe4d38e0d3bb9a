/**
 * What sends tokens to experts: shares in place, an order by expert, one product per expert in a single kernel.
 *
 * Source: ATen/native/GroupedMMUtils.h of torch 2.13; order of saving and of temporaries as traced on a CPU. Sorting and
 * counting on CUDA take scratch memory of a few bytes per token and expert besides, which is given back at once.
 */

import type { Dtype } from "../../../units/dtype.js";
import { isContiguous } from "../layout.js";
import type { Shape } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { div, gradientOfDivisor } from "./elementwise.js";
import { transpose } from "./views.js";

/** `values /= divisor` in place: backward needs the values as they were, so a copy of them is kept. */
export function divideInPlace(m: Machine, values: Tensor, divisor: Tensor): Tensor {
  const node = m.track("DivBackward0", [values, divisor]);
  if (node !== undefined) {
    const before = m.empty("clone", values.shape, values.dtype);
    m.save(node, before);
    m.save(node, divisor);
    m.consume(before);
    node.backward = (gradient, [old, by]) => {
      if (old === undefined || by === undefined) throw new Error("div saved nothing");
      const ofDivisor = gradientOfDivisor(m, gradient, old, by);
      return [div(m, gradient, by), ofDivisor];
    };
  }
  const output = m.alias(values);
  m.finish(node, [output], [values, divisor]);
  return output;
}

/** `torch.sort(indices)`: the sorted values and the int64 permutation; neither has history. */
export function sort(m: Machine, indices: Tensor): readonly [Tensor, Tensor] {
  return [m.empty("sort", indices.shape, indices.dtype), m.empty("sort", indices.shape, "int64")];
}

/** An operation on indices, or one that counts: a new tensor without history. */
export function integers(m: Machine, tag: string, size: number, dtype: Dtype): Tensor {
  return m.empty(tag, [size], dtype);
}

/**
 * The same one expert after the other, in a function of transformers: it keeps both factors and makes both gradients, whichever
 * are asked for.
 *
 * Source: transformers integrations/moe.py `_grouped_mm_fallback`, `_grouped_mm_fallback_backward`.
 */
export function productPerExpert(
  m: Machine,
  rows: Tensor,
  weight: Tensor,
  offsets: Tensor,
): Tensor {
  const tag = "grouped_mm_fallback";
  const node = m.track("GroupedMmFallbackBackward", [rows, weight]);
  if (node !== undefined) {
    const asked = [rows.requiresGrad, weight.requiresGrad];
    m.save(node, rows);
    m.save(node, weight);
    node.attributes = [m.retain(offsets)];
    node.backward = (_, saved) => {
      const made = saved
        .slice(0, 2)
        .map((factor) => m.empty("zeros_like", factor.shape, factor.dtype, factor.strides));
      return made.map((gradient, index) => {
        if (asked[index] === true) return gradient;
        m.consume(gradient);
        return undefined;
      });
    };
  }
  const output = m.empty(tag, [rows.size(0), weight.size(2)], rows.dtype);
  m.finish(node, [output], [rows, weight]);
  return output;
}

/**
 * `grouped_mm(rows, weight, offs=offsets)`: (tokens, in) · (experts, in, out), each row with the matrix of its expert.
 * Backward is two of the same kernel, the one for the weight first.
 */
export function groupedMm(m: Machine, rows: Tensor, weight: Tensor, offsets: Tensor): Tensor {
  const tag = "_grouped_mm";
  const node = m.track("GroupedMmBackward0", [rows, weight]);
  if (node !== undefined) {
    const { requiresGrad: needsRows, shape } = rows;
    const { requiresGrad: needsWeight } = weight;
    const [experts = 1, inner = 1, outer = 1] = weight.shape;
    const isRowMajor = isContiguous(weight.shape, weight.strides);
    if (needsRows) m.save(node, weight);
    if (needsWeight) m.save(node, rows);
    m.save(node, offsets);
    node.backward = (gradient) => {
      const made = (shape: Shape): Tensor => m.empty(tag, shape, gradient.dtype);
      // In the memory order of the parameter, of which the weight may be a transposed view.
      const gradientOfWeight = (): Tensor =>
        isRowMajor
          ? made([experts, inner, outer])
          : transpose(m, made([experts, outer, inner]), -2, -1);
      const ofWeight = needsWeight ? gradientOfWeight() : undefined;
      const ofRows = needsRows ? made(shape) : undefined;
      return [ofRows, ofWeight];
    };
  }
  const output = m.empty(tag, [rows.size(0), weight.size(2)], rows.dtype);
  m.finish(node, [output], [rows, weight]);
  return output;
}
