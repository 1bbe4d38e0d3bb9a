/** Unsloth's RMS norm: one kernel, which keeps its input and a number per row. Source: unsloth kernels/rms_layernorm.py. */

import type { Machine } from "../../machine/machine.js";
import { reshape, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";

/** `x` of any shape; in backward the gradient is overwritten, or (Gemma from 2024.11 on) a new tensor. */
export function fastNorm(m: Machine, x: Tensor, weight: Tensor, copiesGradient: boolean): Tensor {
  const node = m.track("Fast_RMS_Layernorm", [x]);
  const { shape } = x;
  const output = m.withoutGrad(() =>
    m.frame((frame) => {
      const rows = frame.hold(reshape(m, m.alias(x), [-1, x.size(-1)]));
      const normed = frame.hold(m.empty("empty_like", rows.shape, rows.dtype));
      const scales = frame.hold(m.empty("empty", [rows.size(0)], "float32"));
      if (node !== undefined) for (const each of [rows, weight, scales]) m.save(node, each);
      return view(m, normed, shape);
    }),
  );
  if (node !== undefined) {
    node.backward = (gradient) => {
      const rows = reshape(m, gradient, [-1, gradient.size(-1)]);
      if (!copiesGradient) return [view(m, rows, shape)];
      const copy = m.empty("empty_like", rows.shape, rows.dtype);
      m.consume(rows);
      return [view(m, copy, shape)];
    };
  }
  m.finish(node, [output], [x]);
  return output;
}
