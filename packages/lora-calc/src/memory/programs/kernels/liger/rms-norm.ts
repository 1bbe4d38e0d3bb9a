/**
 * Liger's RMSNorm: one kernel that keeps its input and a float32 number a row.
 *
 * Source: Liger-Kernel 0.8.2 ops/rms_norm.py `LigerRMSNormFunction`.
 */

import { parameterOf } from "../../../load/bound-module.js";
import type { BoundModule } from "../../../load/bound-module.js";
import type { Machine } from "../../../machine/machine.js";
import { cast } from "../../../machine/ops/cast.js";
import { contiguous } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";

export interface RmsNormOptions {
  /** The gradient lies where the gradient of the output lay. */
  readonly isInPlace: boolean;
  /** The gradient of the weight is summed up by each multiprocessor of the card, also where it is frozen. */
  readonly multiprocessors: number;
}

export function ligerRmsNorm(
  m: Machine,
  module: BoundModule,
  given: Tensor,
  { isInPlace, multiprocessors }: RmsNormOptions,
): Tensor {
  return m.frame((frame) => {
    const weight = parameterOf(module, "weight");
    const node = m.track("LigerRMSNormFunction", [given, weight]);
    const input = frame.hold(m.withoutGrad(() => contiguous(m, given)));
    const output = m.empty("empty", input.shape, input.dtype);
    const rows = input.shape.slice(0, -1).reduce((product, size) => product * size, 1);
    const rstd = frame.hold(m.empty("empty", [rows], "float32"));
    if (node !== undefined) {
      for (const tensor of [input, weight, rstd]) m.save(node, tensor);
      const { dtype, shape } = weight;
      node.backward = (arrived) =>
        m.frame((inner) => {
          const gradient = inner.hold(contiguous(m, arrived));
          const partial = inner.hold(m.empty("empty", [multiprocessors, ...shape], "float32"));
          const ofInput = inner.hold(
            isInPlace ? m.alias(gradient) : m.empty("zeros_like", gradient.shape, gradient.dtype),
          );
          const sum = m.empty("sum", partial.shape.slice(1), "float32");
          return [ofInput, cast(m, sum, dtype)];
        });
    }
    m.finish(node, [output], []);
    return output;
  });
}
