/**
 * A layer with a norm behind every sum.
 *
 * Source: transformers models/bert/modeling_bert.py `BertLayer`, `BertAttention`, `BertSelfOutput`, `BertIntermediate`.
 */

import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import { callActivation } from "./activation.js";
import { callDisentangledAttention } from "./disentangled-attention.js";
import { callAttention } from "./attention.js";
import { callMlp } from "./mlp.js";
import { callLinear } from "./linear.js";
import { callNorm } from "./norm.js";

/** `layer(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). */
export function callEncoderLayer(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind === "post_norm_layer") return callPostNormLayer(m, module, hidden, context);
  if (forward?.kind !== "encoder_layer") throw new Error(`${module.path} is no encoder layer`);
  return m.call(module.path, [hidden], (frame) => {
    const attention = childOf(module, forward.attention);
    const attended = frame.hold(callSummedAttention(m, attention, hidden, context));
    const inner = frame.hold(callIntermediate(m, childOf(module, forward.intermediate), attended));
    return callSummedOutput(m, childOf(module, forward.output), inner, attended);
  });
}

/** Source: transformers models/distilbert/modeling_distilbert.py `TransformerBlock`. */
function callPostNormLayer(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "post_norm_layer") throw new Error(`${module.path} is no encoder layer`);
  return m.call(module.path, [hidden], (frame) => {
    const [output, scores] = callAttention(m, childOf(module, forward.attention), hidden, context);
    frame.hold(output);
    if (scores !== undefined) frame.hold(scores);
    const norm = childOf(module, forward.attentionNorm);
    const attended = frame.rebind(output, callNorm(m, norm, add(m, output, hidden)));
    const fed = frame.hold(callMlp(m, childOf(module, forward.mlp), attended));
    const last = childOf(module, forward.mlpNorm);
    return frame.rebind(fed, callNorm(m, last, add(m, fed, attended)));
  });
}

function callSummedAttention(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "summed_attention") throw new Error(`${module.path} is no attention`);
  return m.call(module.path, [hidden], (frame) => {
    const inner = childOf(module, forward.attention);
    const [attended, scores] =
      inner.node.forward?.kind === "disentangled_attention"
        ? [callDisentangledAttention(m, inner, hidden, context)]
        : callAttention(m, inner, hidden, context);
    frame.hold(attended);
    if (scores !== undefined) frame.hold(scores);
    const output = callSummedOutput(m, childOf(module, forward.output), attended, hidden);
    return frame.rebind(attended, output);
  });
}

function callIntermediate(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "intermediate") throw new Error(`${module.path} is no intermediate layer`);
  return m.call(module.path, [hidden], (frame) => {
    const inner = frame.hold(callLinear(m, childOf(module, forward.dense), hidden));
    return callActivation(m, module, forward, inner);
  });
}

function callSummedOutput(m: Machine, module: BoundModule, given: Tensor, input: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "summed_output") throw new Error(`${module.path} sums nothing`);
  return m.call(module.path, [given, input], (frame) => {
    const projected = frame.hold(callLinear(m, childOf(module, forward.dense), given));
    const dropped = frame.rebind(projected, dropout(m, projected, forward.dropout));
    return callNorm(m, childOf(module, forward.norm), add(m, dropped, input));
  });
}
