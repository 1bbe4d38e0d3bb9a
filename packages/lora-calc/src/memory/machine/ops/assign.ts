/** Results that are written part by part into a tensor that was made before. */

import type { Shape } from "../layout.js";
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

/** What the gradient of an operation in place on a part of a tensor is made of: a copy of all, and one of the part. */
function gradientsOfPart(m: Machine, base: Tensor, part: Shape) {
  const { shape, strides } = base;
  return ({ dtype }: Tensor): readonly [ofBase: Tensor, ofPart: Tensor] => [
    m.empty("new_empty_strided", shape, dtype, strides),
    m.empty("clone", part, dtype),
  ];
}

/** `base[part] += source` where the part is a view with its history: the tensor is the same, its history a new one. */
export function addIntoPart(m: Machine, base: Tensor, part: Shape, source: Tensor): Tensor {
  const node = m.track("CopySlices", [base, source]);
  const output = m.alias(base);
  if (node !== undefined) {
    const needsSource = source.requiresGrad;
    const gradients = gradientsOfPart(m, base, part);
    node.backward = (gradient) => {
      const [ofBase, ofPart] = gradients(gradient);
      if (needsSource) return [ofBase, ofPart];
      m.consume(ofPart);
      return [ofBase, undefined];
    };
  }
  m.finish(node, [output], [source]);
  return output;
}

/** `base[part] = part`, the part a view of the tensor itself, as `base[part] += source` ends in Python. */
export function writeBack(m: Machine, base: Tensor, part: Tensor): Tensor {
  const node = m.track("CopySlices", [base, part]);
  const output = m.alias(base);
  if (node !== undefined) {
    const { shape } = part;
    const gradients = gradientsOfPart(m, base, shape);
    node.backward = (gradient) => {
      const [ofBase, ofPart] = gradients(gradient);
      m.consume(m.empty("zeros_like", shape, gradient.dtype));
      return [ofBase, ofPart];
    };
  }
  m.finish(node, [output], [part]);
  return output;
}
