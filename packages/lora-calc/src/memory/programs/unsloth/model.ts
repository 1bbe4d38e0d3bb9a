/**
 * The decoder as Unsloth runs it, from token ids to hidden states.
 *
 * Source: unsloth models/llama.py `LlamaModel_fast_forward`, `LlamaDecoderLayer_fast_forward`, models/gemma.py.
 */

import { missing } from "../../../problem/missing.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { add, mulScalar } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import type { ForwardOptions } from "../modules/batch.js";
import { callEmbedding } from "../modules/embedding.js";
import { callMlp } from "../modules/mlp.js";
import { fastAttention, isFast } from "./attention.js";
import { offloadedCheckpoint } from "./checkpoint.js";
import { fastNorm } from "./norm.js";
import { gatedMlp } from "./projections.js";
import type { UnslothRun } from "./run.js";

interface ModelCall {
  readonly m: Machine;
  readonly run: UnslothRun;
}

/** `model(input_ids)`: (b, s) → (b, s, hidden_size). */
export function fastDecoder(
  call: ModelCall,
  module: BoundModule,
  inputIds: Tensor,
  { checkpointing, inputRequiresGrad }: ForwardOptions,
): Tensor {
  const { m, run } = call;
  const { forward } = module.node;
  if (forward?.kind !== "decoder") throw new Error(`${module.path} is not a decoder`);
  return m.frame((frame) => {
    const table = childOf(module, forward.tokenEmbedding);
    const looked = callEmbedding(m, table, inputIds);
    if (inputRequiresGrad && looked.isLeaf) looked.requiresGrad = true;
    const narrow = cast(m, looked, run.dtype);
    const embedded = frame.hold(
      table.copy === undefined
        ? untrained(m, frame, narrow, forward.scaledEmbedding === true)
        : trained(m, narrow, forward.scaledEmbedding === true || table.buffers.has("embed_scale")),
    );
    const layers = childOf(module, forward.layers);
    const { loop = missing() } = layers;
    let hidden = frame.hold(embedded);
    layers.elements.forEach((layer, position) => {
      const runLayer = (input: Tensor): Tensor => {
        m.enterSection(loop, position);
        return fastLayer(call, layer, input);
      };
      m.enterSection(loop, position);
      const isLast = position === layers.elements.length - 1;
      const output =
        checkpointing === "none"
          ? runLayer(hidden)
          : offloadedCheckpoint(m, run, hidden, { run: runLayer, isLast });
      hidden = frame.rebind(hidden, output);
    });
    m.leaveSection();
    return normOf(call, childOf(module, forward.finalNorm ?? missing()), hidden);
  });
}

/** Embeddings that nothing trains are taken off the graph, scaled where they lie, and put at its start again. */
function untrained(m: Machine, frame: Frame, embedded: Tensor, isScaled: boolean): Tensor {
  if (!isScaled) return embedded;
  const detached = m.alias(frame.hold(embedded));
  frame.drop(embedded);
  detached.requiresGrad = true;
  return detached;
}

/** Those that train keep their graph. */
function trained(m: Machine, embedded: Tensor, isScaled: boolean): Tensor {
  return isScaled ? mulScalar(m, embedded) : embedded;
}

function fastLayer({ m, run }: ModelCall, module: BoundModule, input: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "decoder_layer" || typeof forward.mlp !== "string") {
    throw new Error(`${module.path} has no path of Unsloth's own`);
  }
  const { attention, mlp, preAttentionNorm = missing(), preMlpNorm = missing() } = forward;
  return m.call(module.path, [input], (frame) => {
    const normed = frame.hold(normOf({ m, run }, childOf(module, preAttentionNorm), input));
    const attended = frame.rebind(
      normed,
      fastAttention(m, run, childOf(module, attention), normed),
    );
    const middle = frame.rebind(attended, add(m, input, attended));
    const again = frame.hold(normOf({ m, run }, childOf(module, preMlpNorm), middle));
    const output = frame.rebind(again, fastMlp({ m, run }, childOf(module, mlp), again));
    return add(m, middle, output);
  });
}

function normOf({ m, run }: ModelCall, module: BoundModule, x: Tensor): Tensor {
  const { forward } = module.node;
  const isGemma = forward?.kind === "rms_norm" && forward.variant === "unit_offset";
  return fastNorm(m, x, parameterOf(module, "weight"), isGemma && run.use.rules.copiesNormGradient);
}

function fastMlp({ m, run }: ModelCall, module: BoundModule, x: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "gated_mlp") throw new Error(`${module.path} has no path of Unsloth's own`);
  const [gate = missing(), up = missing(), down = missing()] = [
    ...[forward.gate, forward.up, forward.down],
  ].map((name) => childOf(module, name));
  if (!isFast([gate, up, down])) return callMlp(m, module, x);
  return m.call(module.path, [x], () => gatedMlp(m, run, x, { gate, up, down }));
}
