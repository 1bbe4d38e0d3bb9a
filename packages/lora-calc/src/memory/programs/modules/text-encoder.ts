/**
 * An encoder of text: embeddings, layers, and a pooler where the class has one.
 *
 * Source: transformers models/bert/modeling_bert.py `BertModel`, `BertEmbeddings`; models/roberta/modeling_roberta.py
 * `RobertaEmbeddings`.
 */

import type { TextEmbeddingsForward } from "../../../graph/tree/encoder-forward.js";
import { missing } from "../../../problem/missing.js";
import { childOf } from "../../load/bound-module.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { tanh } from "../../machine/ops/activations.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, pointwise } from "../../machine/ops/elementwise.js";
import { expand, select } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Batch, ForwardOptions } from "./batch.js";
import { callDisentangledEncoder } from "./disentangled-encoder.js";
import { countedPlaces } from "./counted-places.js";
import { callEmbedding } from "./embedding.js";
import { runLayers } from "./layers.js";
import { callLinear } from "./linear.js";
import { buildEncoderMask } from "./masks.js";
import { callRotaryEncoder } from "./rotary-encoder.js";
import { callNorm } from "./norm.js";

/** Hidden states (b, s, hidden_size), and what the pooler gives (b, hidden_size). */
export function callTextEncoder(
  m: Machine,
  module: BoundModule,
  batch: Batch,
  options: ForwardOptions,
): readonly [Tensor] | readonly [Tensor, Tensor] {
  const { forward } = module.node;
  if (forward?.kind === "rotary_encoder") return [callRotaryEncoder(m, module, batch, options)];
  if (forward?.kind === "disentangled_encoder")
    return [callDisentangledEncoder(m, module, batch, options)];
  if (forward?.kind !== "text_encoder") throw new Error(`${module.path} is no encoder of text`);
  return m.call<readonly [Tensor] | readonly [Tensor, Tensor]>(module.path, [], (frame) => {
    const embeddings = childOf(module, forward.embeddings);
    const embedded = frame.hold(embedText(m, embeddings, batch, options));
    const mask = buildEncoderMask(m, module.kernels, batch);
    if (mask !== undefined) frame.hold(mask);
    const context = {
      ...{ implementation: options.attention, card: options.card },
      ...(mask === undefined ? {} : { mask }),
    };
    const encoder = childOf(module, forward.encoder);
    const hidden = frame.hold(callLayers(m, encoder, embedded, { context, options }));
    if (forward.pooler === undefined) return [hidden];
    return [hidden, callPooler(m, childOf(module, forward.pooler), hidden)];
  });
}

interface LayersCall {
  readonly context: AttentionContext;
  readonly options: ForwardOptions;
}

function callLayers(
  m: Machine,
  module: BoundModule,
  start: Tensor,
  { context, options }: LayersCall,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "encoder_layers") throw new Error(`${module.path} has no layers`);
  return m.call(module.path, [start], (frame) => {
    const layers = childOf(module, forward.layers);
    // A variable of its own beside that of the argument.
    frame.hold(start);
    return runLayers({ m, frame, layers }, start, { contexts: () => context, options });
  });
}

function callPooler(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "pooler") throw new Error(`${module.path} is no pooler`);
  return m.call(module.path, [hidden], (frame) => {
    const first = frame.hold(select(m, hidden, 1));
    const pooled = frame.hold(callLinear(m, childOf(module, forward.dense), first));
    return frame.rebind(pooled, tanh(m, pooled));
  });
}

function embedText(
  m: Machine,
  module: BoundModule,
  { inputIds }: Batch,
  options: ForwardOptions,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "text_embeddings") throw new Error(`${module.path} embeds no text`);
  return m.call(module.path, [inputIds], (frame) => {
    const sum =
      forward.segments === undefined
        ? wordsAndPlaces({ m, frame, module, forward }, inputIds, options)
        : withSegments({ m, frame, module, forward }, inputIds, options);
    const normed = frame.rebind(sum, callNorm(m, childOf(module, forward.norm), sum));
    return frame.rebind(normed, dropout(m, normed, forward.dropout));
  });
}

interface EmbeddingCall {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: TextEmbeddingsForward;
}

/** Source: transformers models/distilbert/modeling_distilbert.py `Embeddings`. */
function wordsAndPlaces(call: EmbeddingCall, inputIds: Tensor, options: ForwardOptions): Tensor {
  const { m, frame, module, forward } = call;
  const words = frame.hold(embedWords(call, inputIds, options));
  const places = frame.hold(placesOf(m, module, forward, inputIds));
  const ofPlaces = frame.hold(callEmbedding(m, childOf(module, forward.positions), places));
  return frame.hold(add(m, words, ofPlaces));
}

function withSegments(call: EmbeddingCall, inputIds: Tensor, options: ForwardOptions): Tensor {
  const { m, frame, module, forward } = call;
  const places = frame.hold(placesOf(m, module, forward, inputIds));
  const gathered = frame.hold(pointwise(m, "gather", [m.alias(places)], "int64"));
  const segments = expand(m, gathered, inputIds.shape);
  const words = frame.hold(embedWords(call, inputIds, options));
  const table = childOf(module, forward.segments ?? missing());
  const ofSegments = frame.hold(callEmbedding(m, table, segments));
  const sum = frame.hold(add(m, words, ofSegments));
  const ofPlaces = frame.hold(callEmbedding(m, childOf(module, forward.positions), places));
  return frame.rebind(sum, add(m, sum, ofPlaces));
}

function embedWords(
  { m, module, forward }: EmbeddingCall,
  inputIds: Tensor,
  options: ForwardOptions,
): Tensor {
  const words = callEmbedding(m, childOf(module, forward.words), inputIds);
  if (options.inputRequiresGrad && words.isLeaf) words.requiresGrad = true;
  return words;
}

/** Positions (1, s) from a buffer, or (b, s) counted over what is no padding. */
function placesOf(
  m: Machine,
  module: BoundModule,
  { places }: TextEmbeddingsForward,
  inputIds: Tensor,
): Tensor {
  if (places === "buffer") {
    const buffer = module.buffers.get("position_ids") ?? missing();
    return m.alias(buffer, [1, inputIds.size(-1)], buffer.strides);
  }
  return countedPlaces(m, inputIds);
}
