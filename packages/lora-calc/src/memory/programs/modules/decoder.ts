/** The stack between token ids and the last hidden state. */

import type { DecoderForward } from "../../../graph/tree/forward.js";
import type { Machine } from "../../machine/machine.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, mulScalar, pointwise } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Batch, ForwardOptions } from "./batch.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import { callEmbedding } from "./embedding.js";
import { buildMasks } from "./masks.js";
import type { DecoderCall, Masks } from "./masks.js";
import { runLayers } from "./layers.js";
import { callNorm } from "./norm.js";
import { rotaryTables } from "./rotary-tables.js";

/** `backbone(input_ids)`: (b, s) → (b, s, hidden_size); of a model that sees, what a batch of text alone runs. */
export function callBackbone(
  m: Machine,
  module: BoundModule,
  batch: Batch,
  options: ForwardOptions,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "vision_language") return callDecoder(m, module, { batch, options });
  const language = childOf(module, forward.language);
  return m.call(module.path, [], (frame) => {
    const decoder = decoderOf(language);
    const { shape } = batch.inputIds;
    if (forward.replacesTokens === true) frame.hold(m.empty("eq", shape, "bool"));
    const inputIds =
      forward.replacesTokens === true
        ? frame.hold(m.empty("clone", shape, "int64"))
        : batch.inputIds;
    const looked = { batch: { ...batch, inputIds }, options };
    const embedded = frame.hold(embedTokens(m, language, looked));
    const inputs = { batch, options, dtype: embedded.dtype };
    const call = { m, frame, module: language, forward: decoder };
    const positions =
      forward.countsFromOne === true ? frame.hold(fromOne(m, language, batch)) : undefined;
    const masks = forward.makesMasks === true ? buildMasks(call, inputs) : undefined;
    return callDecoder(m, language, { batch, options }, { embedded, positions, masks });
  });
}

/** `position_ids + 1`. Source: transformers models/paligemma/modeling_paligemma.py. */
function fromOne(m: Machine, language: BoundModule, batch: Batch): Tensor {
  const positions = language.kernels.positionIds(m, batch.inputIds.size(-1));
  return m.frame((frame) => pointwise(m, "add", [frame.hold(positions)], "int64"));
}

function decoderOf({ node: { forward }, path }: BoundModule): DecoderForward {
  if (forward?.kind !== "decoder") throw new Error(`${path} is not a decoder`);
  return forward;
}

/** What was made outside the decoder. */
interface Given {
  readonly embedded: Tensor;
  readonly positions: Tensor | undefined;
  readonly masks: Masks | undefined;
}

interface DecoderInputs {
  readonly batch: Batch;
  readonly options: ForwardOptions;
}

function callDecoder(
  m: Machine,
  module: BoundModule,
  { batch, options }: DecoderInputs,
  given?: Given,
): Tensor {
  const forward = decoderOf(module);
  return m.call(module.path, [], (frame) => {
    const call = { m, frame, module, forward };
    const embedded = frame.hold(given?.embedded ?? embedTokens(m, module, { batch, options }));
    const positions = frame.hold(
      given?.positions ?? module.kernels.positionIds(m, batch.inputIds.size(-1)),
    );
    let input = frame.hold(addPositions(call, { embedded, positions }));
    const inputs = { batch, options, dtype: input.dtype };
    const masks = given?.masks ?? buildMasks(call, inputs);
    if (forward.scalesAfterMasks === true) {
      // `inputs_embeds` takes the product, and keeps it until the decoder returns.
      input = frame.rebind(input, mulScalar(m, input));
      frame.rebind(embedded, input);
    }
    const contexts = layerContexts(call, { input, positions, masks, options });
    const scaled = forward.scalesLate === true ? frame.rebind(input, mulScalar(m, input)) : input;
    const start = frame.rebind(scaled, dropout(m, scaled, forward.embeddingDropout ?? 0));
    const layers = childOf(module, forward.layers);
    const hidden = runLayers({ m, frame, layers }, start, { contexts, options });
    if (forward.finalNorm === undefined) return hidden;
    return frame.rebind(hidden, callNorm(m, childOf(module, forward.finalNorm), hidden));
  });
}

function embedTokens(m: Machine, module: BoundModule, { batch, options }: DecoderInputs): Tensor {
  const forward = decoderOf(module);
  const embedded = callEmbedding(m, childOf(module, forward.tokenEmbedding), batch.inputIds);
  if (options.inputRequiresGrad && embedded.isLeaf) embedded.requiresGrad = true;
  return forward.scaledEmbedding === true ? mulScalar(m, embedded) : embedded;
}

function addPositions(
  { m, frame, module, forward }: DecoderCall,
  { embedded, positions }: { readonly embedded: Tensor; readonly positions: Tensor },
): Tensor {
  if (forward.positionEmbedding === undefined) return embedded;
  const table = childOf(module, forward.positionEmbedding);
  return add(m, embedded, frame.hold(callEmbedding(m, table, positions)));
}

interface LayerInputs {
  readonly input: Tensor;
  readonly positions: Tensor;
  readonly masks: Masks;
  readonly options: ForwardOptions;
}

/** What each kind of layer sees besides the hidden state. */
function layerContexts(
  { m, frame, module, forward }: DecoderCall,
  { input, positions, masks, options }: LayerInputs,
): (index: number) => AttentionContext {
  const rotary = forward.rotary === undefined ? undefined : childOf(module, forward.rotary);
  const kinds =
    rotary?.node.forward?.kind === "rotary" ? rotary.node.forward.perLayerType : undefined;
  const tables = new Map<string, readonly [Tensor, Tensor]>();
  if (rotary !== undefined) {
    for (const kind of kinds ?? [""]) {
      const pair = rotaryTables(m, rotary, positions, input);
      for (const table of pair) frame.hold(table);
      tables.set(kind, pair);
    }
  }
  return (index) => {
    const kind = forward.layerTypes?.[index] ?? "full_attention";
    const pair = tables.get(kinds === undefined ? "" : kind);
    const mask = masks.get(kind);
    return {
      implementation: options.attention,
      card: options.card,
      ...(forward.hidesPositions === true ? {} : { positions }),
      ...(pair === undefined ? {} : { tables: pair }),
      ...(mask === undefined ? {} : { mask }),
    };
  };
}
