/** Results that are written part by part into a tensor that was made before. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { cast } from "./cast.js";

/**
 * `base[part] = source`, a part of the shape of the source: the tensor is the same, its history a new one. The gradient is
 * copied, and zeroed where the source took its place.
 *
 * Source: torch 2.13 csrc/autograd/functions/tensor.cpp `CopySlices::apply`, `CopyBackwards::apply`.
 */
export function assignPart(m: Machine, base: Tensor, source: Tensor): Tensor {
  const node = m.track("CopySlices", [base, source]);
  const output = m.alias(base);
  if (node !== undefined) {
    const [needsBase, needsSource] = [base.requiresGrad, source.requiresGrad];
    const { shape: part, dtype } = source;
    const { shape, strides } = base;
    node.backward = (gradient) => {
      const result = m.empty("new_empty_strided", shape, gradient.dtype, strides);
      const ofSource = m.frame((frame) => {
        const cut = frame.hold(m.empty("clone", part, gradient.dtype));
        if (needsBase) frame.hold(m.empty("zeros_like", part, gradient.dtype));
        return cast(m, cut, dtype);
      });
      if (!needsSource) m.consume(ofSource);
      if (!needsBase) m.consume(result);
      return [needsBase ? result : undefined, needsSource ? ofSource : undefined];
    };
  }
  m.finish(node, [output], [source]);
  return output;
}
