/** Gradients that a kernel writes in the layout of its inputs (`empty_like`). */

import type { Dtype } from "../../../units/dtype.js";
import { elementwiseStrides } from "../layout.js";
import type { Shape } from "../layout.js";
import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";

/** Shape and memory order, without the tensor itself: a closure that held it would keep it alive. */
export interface Layout {
  readonly shape: Shape;
  readonly strides: Shape;
}

export function layoutsOf(tensors: readonly Tensor[]): readonly Layout[] {
  return tensors.map(({ shape, strides }) => ({ shape, strides }));
}

export function gradientsLike(
  m: Machine,
  tag: string,
  layouts: readonly Layout[],
  dtype: Dtype,
): readonly Tensor[] {
  return layouts.map((layout) =>
    m.empty(tag, layout.shape, dtype, elementwiseStrides([layout], layout.shape)),
  );
}
