/** A layer, its activation and a norm, in front of the layer that makes scores. */

import { childOf } from "../../load/bound-module.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { activate } from "../../machine/ops/activations.js";
import type { Tensor } from "../../machine/tensor.js";
import { callLinear } from "./linear.js";
import { callNorm } from "./norm.js";

/** Source: transformers models/modernbert/modeling_modernbert.py `ModernBertPredictionHead`. */
export function callPredictionHead(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "prediction_head") throw new Error(`${module.path} is no head`);
  return m.call(module.path, [hidden], () => {
    const dense = callLinear(m, childOf(module, forward.dense), hidden);
    return callNorm(m, childOf(module, forward.norm), activate(m, forward.activation, dense));
  });
}
