/**
 * DoRA on a linear module: every step rebuilds B·A and the norm of the merged weight.
 *
 * Source: peft@0.21.0 tuners/lora/dora.py `DoraLinearLayer`, tuners/lora/variants.py `DoraLinearVariant`.
 */

import type { Machine } from "../machine/machine.js";
import { cast } from "../machine/ops/cast.js";
import { dropout } from "../machine/ops/dropout.js";
import { add, addScalar, mul, mulScalar, div } from "../machine/ops/elementwise.js";
import { linear } from "../machine/ops/matmul.js";
import { detach, t, view } from "../machine/ops/views.js";
import type { Tensor } from "../machine/tensor.js";
import type { BoundLora, BoundModule } from "./bound-module.js";
import { parameterOf } from "./bound-module.js";
import { throughA, throughB } from "./lora-linear.js";

/** What is added to the base result: `(m/|W+BA| − 1)·base + m/|W+BA|·BAx·scaling`. */
export function runDora(
  m: Machine,
  module: BoundModule,
  lora: BoundLora,
  given: Tensor,
  baseResult: Tensor,
): Tensor {
  const { magnitude } = lora;
  if (magnitude === undefined) throw new Error(`${module.path} has no DoRA magnitude`);
  const drops = lora.settings.dropout > 0;
  return m.call(`${module.path}.lora_magnitude_vector.default`, [given], (frame) => {
    const x = drops ? frame.hold(dropout(m, given, lora.settings.dropout)) : given;
    const loraWeight = frame.hold(mergedLowRank(m, module.path, lora, x));
    const weight = frame.hold(cast(m, parameterOf(module, "weight"), x.dtype));
    const norm = frame.hold(weightNorm(m, weight, loraWeight));
    const scale = frame.hold(view(m, div(m, magnitude, norm), [1, -1]));
    const loraResult = frame.hold(
      throughB(m, module.path, lora, throughA(m, module.path, lora, x)),
    );
    const base = drops ? frame.hold(linear(m, x, weight)) : baseResult;
    const basePart = mul(m, addScalar(m, scale, "sub"), base);
    return add(m, basePart, mulScalar(m, mul(m, scale, loraResult)));
  });
}

/** `B(A(I))ᵀ` in the dtype of x: (out_features, in_features). */
function mergedLowRank(m: Machine, path: string, lora: BoundLora, x: Tensor): Tensor {
  return m.frame((frame) => {
    const size = lora.a.size(1);
    const identity = frame.hold(m.empty("eye", [size, size], lora.a.dtype));
    const product = throughB(m, path, lora, throughA(m, path, lora, identity));
    return cast(m, t(m, product), x.dtype);
  });
}

/** Column norms of `W + scaling·BA`, without gradient. */
function weightNorm(m: Machine, weight: Tensor, loraWeight: Tensor): Tensor {
  return m.withoutGrad(() =>
    m.frame((frame) => {
      const delta = frame.hold(mulScalar(m, detach(m, m.alias(loraWeight))));
      const sum = frame.hold(add(m, weight, delta));
      return m.empty("linalg_vector_norm", [sum.size(0)], sum.dtype);
    }),
  );
}
