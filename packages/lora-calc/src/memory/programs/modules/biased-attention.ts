/**
 * Attention whose scores are added to a bias, over the tokens of its own sequence or over those of another.
 *
 * Source: transformers models/t5/modeling_t5.py `T5Attention.forward`.
 */

import type { BiasedAttentionForward } from "../../../graph/tree/encoder-decoder-forward.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { contiguous, reshape, transpose, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callLinear } from "./linear.js";
import { relativeBias } from "./relative-bias.js";

/** What attention reads beside its own sequence. */
export interface BiasedInputs {
  readonly context: AttentionContext;
  /** Of an earlier block; made here where there is none. */
  readonly bias: Tensor | undefined;
  /** The tokens that are attended to, where they are those of another sequence: (b, s, hidden_size). */
  readonly memory?: Tensor;
  /** Under gradient checkpointing a bias of zeros is made to need a gradient. */
  readonly isCheckpointed: boolean;
}

/** `module(hidden)`: (b, s, hidden_size) → the same, and the bias (1, heads, queries, keys). */
export function callBiasedAttention(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  inputs: BiasedInputs,
): readonly [Tensor, Tensor] {
  const { forward } = module.node;
  if (forward?.kind !== "biased_attention") throw new Error(`${module.path} adds no bias`);
  return m.call<readonly [Tensor, Tensor]>(module.path, [hidden], (frame) => {
    const heads = (name: string, x: Tensor): Tensor => {
      const projected = callLinear(m, childOf(module, name), x);
      return transpose(m, view(m, projected, [...x.shape.slice(0, -1), -1, forward.headDim]), 1, 2);
    };
    const seen = inputs.memory ?? hidden;
    const query = frame.hold(heads(forward.query, hidden));
    const key = frame.hold(heads(forward.key, seen));
    const value = frame.hold(heads(forward.value, seen));
    const bias = frame.hold(inputs.bias ?? newBias(m, module, forward, { query, key, inputs }));
    const states = { query, key, value, bias };
    const [attended] = module.kernels.attention(m, forward, states, inputs.context);
    frame.hold(attended);
    const joined = contiguous(m, reshape(m, attended, [...hidden.shape.slice(0, -1), -1]));
    const flat = frame.rebind(attended, joined);
    return [callLinear(m, childOf(module, forward.output), flat), bias];
  });
}

interface BiasInputs {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly inputs: BiasedInputs;
}

function newBias(
  m: Machine,
  module: BoundModule,
  forward: BiasedAttentionForward,
  { query, key, inputs }: BiasInputs,
): Tensor {
  const [queries, keys] = [query.size(2), key.size(2)];
  if (forward.table !== undefined) {
    const isBidirectional = forward.isBidirectional === true;
    const table = childOf(module, forward.table);
    return relativeBias(m, table, { queries, keys, isBidirectional });
  }
  const zeros = m.empty("zeros", [1, forward.heads, queries, keys], query.dtype);
  if (inputs.isCheckpointed) zeros.requiresGrad = true;
  return zeros;
}
