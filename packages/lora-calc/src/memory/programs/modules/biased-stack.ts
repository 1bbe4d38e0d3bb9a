/**
 * An encoder or a decoder whose blocks share the biases of their attention, which the first of them makes.
 *
 * Source: transformers models/t5/modeling_t5.py `T5Stack`, `T5Block`, `T5LayerSelfAttention`, `T5LayerCrossAttention`, `T5LayerFF`.
 */

import type { DroppedMlpForward } from "../../../graph/tree/encoder-decoder-forward.js";
import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import { checkpoint } from "../../machine/checkpoint.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, mul } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import { callActivation } from "./activation.js";
import type { Batch, ForwardOptions } from "./batch.js";
import { callBiasedAttention } from "./biased-attention.js";
import type { BiasedInputs } from "./biased-attention.js";
import { callEmbedding } from "./embedding.js";
import { callLinear } from "./linear.js";
import { buildEncoderMask } from "./masks.js";
import { callNorm } from "./norm.js";

export interface StackInputs {
  readonly batch: Batch;
  readonly options: ForwardOptions;
  /** What a decoder attends to: the output of an encoder, and the batch that it was made of. */
  readonly memory?: { readonly hidden: Tensor; readonly batch: Batch };
}

/** `stack(input_ids)`: (b, s) → (b, s, hidden_size). */
export function callBiasedStack(m: Machine, module: BoundModule, inputs: StackInputs): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "biased_stack") throw new Error(`${module.path} is no stack`);
  const { batch, options, memory } = inputs;
  return m.call(module.path, memory === undefined ? [] : [memory.hidden], (frame) => {
    const table = childOf(module, forward.tokenEmbedding);
    const embedded = frame.hold(callEmbedding(m, table, batch.inputIds));
    if (options.inputRequiresGrad && embedded.isLeaf) embedded.requiresGrad = true;
    const contexts = contextsOf(m, module, inputs);
    for (const { mask } of contexts) if (mask !== undefined) frame.hold(mask);
    let hidden = frame.hold(dropout(m, embedded, forward.dropout));
    let biases: readonly Tensor[] = [];
    const { elements, loop = missing() } = childOf(module, forward.layers);
    elements.forEach((block, position) => {
      m.enterSection(loop, position);
      const seen = memory === undefined ? {} : { memory: memory.hidden };
      const known = { contexts, biases, isCheckpointed: options.checkpointing !== "none", ...seen };
      const run = ([input]: readonly Tensor[]): readonly Tensor[] => {
        m.enterSection(loop, position);
        return callBlock(m, block, input ?? missing(), known);
      };
      if (known.isCheckpointed) m.markAs(hidden, "checkpoints");
      const [output = missing(), ...made] = known.isCheckpointed
        ? checkpoint(m, { inputs: [hidden], captured: capturedOf(known), run })
        : run([hidden]);
      hidden = frame.rebind(hidden, output);
      for (const bias of made) frame.hold(bias);
      for (const bias of biases) frame.drop(bias);
      biases = made;
    });
    m.leaveSection();
    const normed = frame.rebind(hidden, callNorm(m, childOf(module, forward.finalNorm), hidden));
    return frame.rebind(normed, dropout(m, normed, forward.dropout));
  });
}

/** Of attention to the own sequence, and of that to another. Without padding there is no mask: causality goes into the bias. */
function contextsOf(
  m: Machine,
  module: BoundModule,
  { batch, options, memory }: StackInputs,
): readonly AttentionContext[] {
  const plain = { implementation: options.attention, card: options.card };
  const masked = (mask: Tensor | undefined): AttentionContext =>
    mask === undefined ? plain : { ...plain, mask };
  if (memory === undefined) return [masked(buildEncoderMask(m, module.kernels, batch))];
  const queries = batch.inputIds.size(-1);
  return [plain, masked(buildEncoderMask(m, module.kernels, memory.batch, { queries }))];
}

/** What a block is given beside the hidden state. */
interface BlockInputs {
  readonly contexts: readonly AttentionContext[];
  /** Of attention to the own sequence, and of that to another, once they were made. */
  readonly biases: readonly Tensor[];
  readonly memory?: Tensor;
  readonly isCheckpointed: boolean;
}

function capturedOf({ contexts, biases, memory }: BlockInputs): readonly Tensor[] {
  return [
    ...contexts.flatMap(({ mask }) => (mask === undefined ? [] : [mask])),
    ...biases,
    ...(memory === undefined ? [] : [memory]),
  ];
}

/** The hidden state, and the biases that were used. */
function callBlock(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  { contexts, biases, memory, isCheckpointed }: BlockInputs,
): readonly Tensor[] {
  const { forward } = module.node;
  if (forward?.kind !== "biased_block") throw new Error(`${module.path} is no block`);
  return m.call<readonly Tensor[]>(module.path, [hidden], (frame) => {
    const sublayers = childOf(module, forward.sublayers).elements;
    const used: Tensor[] = [];
    let current = frame.hold(hidden);
    contexts.forEach((context, index) => {
      const other = index === 0 || memory === undefined ? {} : { memory };
      const inputs = { context, bias: biases[index], isCheckpointed, ...other };
      const sublayer = sublayers[index] ?? missing();
      const [output, bias] = attentionSublayer(m, sublayer, current, inputs);
      current = frame.rebind(current, output);
      used.push(frame.hold(bias));
    });
    const last = sublayers.at(-1) ?? missing();
    return [frame.rebind(current, mlpSublayer(m, last, current)), ...used];
  });
}

function attentionSublayer(
  m: Machine,
  module: BoundModule,
  hidden: Tensor,
  inputs: BiasedInputs,
): readonly [Tensor, Tensor] {
  const { forward } = module.node;
  if (forward?.kind !== "residual_sublayer") throw new Error(`${module.path} is no sublayer`);
  return m.call<readonly [Tensor, Tensor]>(module.path, [hidden], (frame) => {
    const normed = frame.hold(callNorm(m, childOf(module, forward.norm), hidden));
    const inner = childOf(module, forward.inner);
    const [output, bias] = callBiasedAttention(m, inner, normed, inputs);
    frame.hold(output);
    frame.hold(bias);
    return [frame.rebind(output, add(m, hidden, dropout(m, output, forward.dropout))), bias];
  });
}

function mlpSublayer(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "residual_sublayer") throw new Error(`${module.path} is no sublayer`);
  return m.call(module.path, [hidden], (frame) => {
    const normed = frame.hold(callNorm(m, childOf(module, forward.norm), hidden));
    const fed = frame.rebind(normed, callDroppedMlp(m, childOf(module, forward.inner), normed));
    return add(m, hidden, dropout(m, fed, forward.dropout));
  });
}

/** Source: transformers models/t5/modeling_t5.py `T5DenseActDense`, `T5DenseGatedActDense`. */
function callDroppedMlp(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "dropped_mlp") throw new Error(`${module.path} is no MLP`);
  return m.call(module.path, [hidden], (frame) => {
    let inner = innerOf({ m, frame, module }, forward, hidden);
    inner = frame.rebind(inner, dropout(m, inner, forward.dropout));
    const down = childOf(module, forward.down);
    const { dtype } = parameterOf(down, "weight");
    if (down.quantization === undefined) inner = frame.rebind(inner, cast(m, inner, dtype));
    return frame.rebind(inner, callLinear(m, down, inner));
  });
}

/** Each product has a name until the MLP returns. */
function innerOf(
  { m, frame, module }: MlpCall,
  forward: DroppedMlpForward,
  hidden: Tensor,
): Tensor {
  const first = callLinear(m, childOf(module, forward.gate ?? forward.up), hidden);
  if (forward.gate === undefined) {
    const plain = frame.hold(first);
    return frame.rebind(plain, callActivation(m, module, forward, plain));
  }
  const active = frame.hold(callActivation(m, module, forward, first));
  const linear = frame.hold(callLinear(m, childOf(module, forward.up), hidden));
  return frame.hold(mul(m, active, linear));
}

interface MlpCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
}
