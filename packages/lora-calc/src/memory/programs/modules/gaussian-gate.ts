/**
 * A gated MLP that keeps all its variables, and whose gate is cut at a quantile of a normal distribution.
 *
 * Source: transformers models/gemma3n/modeling_gemma3n.py `Gemma3nTextMLP`.
 */

import { childOf } from "../../load/bound-module.js";
import type { BoundModule, GatedMlpForward } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { activate } from "../../machine/ops/activations.js";
import { add, mul, pointwise, subtract } from "../../machine/ops/elementwise.js";
import { cast } from "../../machine/ops/cast.js";
import { deviation } from "../../machine/ops/extremes.js";
import { meanLastDim } from "../../machine/ops/reduce.js";
import type { Tensor } from "../../machine/tensor.js";
import { callActivation } from "./activation.js";
import { callLinear } from "./linear.js";

export function gaussianGated(
  m: Machine,
  module: BoundModule,
  forward: Extract<GatedMlpForward, { kind: "gated_mlp" }>,
  x: Tensor,
): Tensor {
  return m.frame((frame) => {
    let gate = frame.hold(callLinear(m, childOf(module, forward.gate), x));
    if (forward.keepsParts === "cut") gate = frame.rebind(gate, aboveCutoff(m, gate));
    const activated = frame.hold(callActivation(m, module, forward, gate));
    const up = frame.hold(callLinear(m, childOf(module, forward.up), x));
    return callLinear(m, childOf(module, forward.down), mul(m, activated, up));
  });
}

/** `relu(x - (mean(x) + std(x) * quantile))`; the quantile is worked out on tensors of one number. */
function aboveCutoff(m: Machine, x: Tensor): Tensor {
  return m.frame((frame) => {
    const number = (tag: string): Tensor => m.empty(tag, [], "float32");
    const share = frame.hold(number("lift_fresh"));
    for (let each = 0; each < 2; each += 1) frame.hold(number("lift_fresh"));
    checkNumbers(m);
    const steps = ["mul", "sub", "erfinv", "mul", "mul", "add"];
    const quantile = steps.reduce((of, tag) => pointwise(m, tag, [of], "float32"), m.alias(share));
    const factor = frame.hold(cast(m, quantile, x.dtype));
    const mean = frame.hold(meanLastDim(m, x));
    const spread = frame.hold(deviation(m, x));
    const cutoff = frame.hold(add(m, mean, mul(m, spread, factor)));
    return activate(m, "relu", subtract(m, x, cutoff));
  });
}

/** The distribution checks its parameters, and reads what it finds. */
function checkNumbers(m: Machine): void {
  const fact = (tag: string): Tensor => m.empty(tag, [], "bool");
  const isMean = fact("eq");
  m.consume(fact("_is_all_true"));
  const isSpread = fact("gt");
  m.consume(isMean);
  const isTrue = fact("_is_all_true");
  for (const each of [isSpread, isTrue]) m.consume(each);
}
