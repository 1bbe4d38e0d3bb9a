/**
 * One mixer a layer: `x + mixer(norm(x))`, where the mixer is a state space, attention, an MLP or experts.
 *
 * Source: transformers models/nemotron_h/modeling_nemotron_h.py `NemotronHBlock.forward`.
 */

import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { add } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import { callMixer } from "./mixer.js";
import { callMlp } from "./mlp.js";
import { callNorm } from "./norm.js";
import { callSparseMlp } from "./sparse-mlp.js";

/** `layer(hidden)`: (b, s, hidden_size) → the same. */
export function callMixerLayer(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "mixer_layer") throw new Error(`${module.path} has no single mixer`);
  return m.call(module.path, [hidden], (frame) => {
    const norm = childOf(module, forward.norm);
    const input = cast(m, hidden, parameterOf(norm, "weight").dtype);
    const normed = frame.hold(callNorm(m, norm, input));
    const residual =
      forward.wideResidual === true ? frame.hold(cast(m, hidden, "float32")) : hidden;
    const call = { m, frame, mixer: childOf(module, forward.mixer), context };
    const mixed = frame.rebind(normed, mixedBy(call, normed));
    return add(m, residual, mixed);
  });
}

interface Call {
  readonly m: Machine;
  readonly frame: Frame;
  readonly mixer: BoundModule;
  readonly context: AttentionContext;
}

function mixedBy({ m, frame, mixer, context }: Call, normed: Tensor): Tensor {
  const { kind } = mixer.node.forward ?? {};
  if (kind === "mlp") return callMlp(m, mixer, normed);
  if (kind === "sparse_mlp") return callSparseMlp(m, mixer, normed)[0];
  const [output, scores] = callMixer(m, mixer, normed, context);
  if (scores !== undefined) frame.hold(scores);
  return output;
}
