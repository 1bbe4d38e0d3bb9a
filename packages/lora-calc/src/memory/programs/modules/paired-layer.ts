/**
 * A layer of an encoder-decoder whose tokens have positions: attention, perhaps to another sequence, and an MLP.
 *
 * Source: transformers models/bart/modeling_bart.py `BartEncoderLayer`, `BartDecoderLayer`; models/m2m_100 (norms first).
 */

import type { PairedLayerForward } from "../../../graph/tree/encoder-decoder-forward.js";
import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import { callActivation } from "./activation.js";
import { callAttention } from "./attention.js";
import { callLinear } from "./linear.js";
import { callNorm } from "./norm.js";

interface Sublayer {
  readonly norm: string;
  /** Rebinds the hidden state that it is given, and returns it. */
  readonly run: (hidden: Tensor) => Tensor;
}

/** `layer(hidden)`: (b, s, hidden_size) → (b, s, hidden_size). Contexts: of the own sequence, and of another. */
export function callPairedLayer(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  [own = missing(), cross]: readonly AttentionContext[],
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "paired_layer") throw new Error(`${module.path} is no layer`);
  return m.call(module.path, [hidden], (frame) => {
    const call = { m, frame, module, forward };
    const { crossAttention, crossNorm } = forward;
    const attending = (name: string, norm: string, context: AttentionContext): Sublayer => ({
      norm,
      run: (input) => attended(call, childOf(module, name), input, context),
    });
    const sublayers = [
      attending(forward.attention, forward.attentionNorm, own),
      ...(crossAttention === undefined || crossNorm === undefined || cross === undefined
        ? []
        : [attending(crossAttention, crossNorm, cross)]),
      { norm: forward.mlpNorm, run: (input: Tensor) => fed(call, input) },
    ];
    let current = frame.hold(hidden);
    let residual: Tensor | undefined;
    for (const { norm, run } of sublayers) {
      const before = residual;
      residual = frame.hold(current);
      if (before !== undefined) frame.drop(before);
      const normed = (x: Tensor): Tensor => frame.rebind(x, callNorm(m, childOf(module, norm), x));
      if (forward.normsFirst) current = normed(current);
      current = run(current);
      current = frame.rebind(current, dropout(m, current, forward.dropout));
      current = frame.rebind(current, add(m, residual, current));
      if (!forward.normsFirst) current = normed(current);
    }
    return current;
  });
}

interface Call {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: PairedLayerForward;
}

function attended(
  { m, frame }: Call,
  attention: BoundModule,
  hidden: Tensor,
  context: AttentionContext,
): Tensor {
  const [output] = callAttention(m, attention, hidden, context);
  return frame.rebind(hidden, output);
}

function fed({ m, frame, module, forward }: Call, hidden: Tensor): Tensor {
  const up = callLinear(m, childOf(module, forward.up), hidden);
  const active = frame.rebind(hidden, callActivation(m, module, forward, up));
  const dropped = frame.rebind(active, dropout(m, active, forward.activationDropout));
  return frame.rebind(dropped, callLinear(m, childOf(module, forward.down), dropped));
}
