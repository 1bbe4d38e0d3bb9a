/** The stack between token ids and the last hidden state. */

import type { DecoderForward } from "../../../graph/tree/forward.js";
import type { Machine } from "../../machine/machine.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, mulScalar, pointwise } from "../../machine/ops/elementwise.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Batch, ForwardOptions } from "./batch.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import { callEmbedding } from "./embedding.js";
import { callLinear } from "./linear.js";
import { buildMasks } from "./masks.js";
import type { DecoderCall, Masks } from "./masks.js";
import { indexOf, runLayers } from "./layers.js";
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
  if (forward?.kind === "within") {
    return m.call(module.path, [], () =>
      callBackbone(m, childOf(module, forward.inner), batch, options),
    );
  }
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
    const positions =
      forward.countsMask === true
        ? overMask(m, frame, batch)
        : frame.hold(given?.positions ?? module.kernels.positionIds(m, batch.inputIds.size(-1)));
    // A mask is made before positions are looked up, or behind; it has the dtype of both.
    const inputs = { batch, options, dtype: embedded.dtype };
    const early = forward.masksFirst === true ? buildMasks(call, inputs) : given?.masks;
    let input = frame.hold(addPositions(call, { embedded, positions }));
    const masks = early ?? buildMasks(call, inputs);
    if (forward.scalesAfterMasks === true) {
      // `inputs_embeds` takes the product, and keeps it until the decoder returns.
      input = frame.rebind(input, mulScalar(m, input));
      frame.rebind(embedded, input);
    }
    const padding = batch.isPadded ? batch.attentionMask : undefined;
    const contexts = layerContexts(call, { input, positions, masks, options, padding });
    const scaled = forward.scalesLate === true ? frame.rebind(input, mulScalar(m, input)) : input;
    const start = frame.rebind(scaled, dropout(m, scaled, forward.embeddingDropout ?? 0));
    const layers = childOf(module, forward.layers);
    const hidden = runLayers({ m, frame, layers }, start, { contexts, options });
    return afterLayers(call, hidden);
  });
}

/** The last norm, and the way back to a narrow embedding. */
function afterLayers({ m, frame, module, forward }: DecoderCall, hidden: Tensor): Tensor {
  const { finalNorm, projectOut } = forward;
  const normed =
    finalNorm === undefined
      ? hidden
      : frame.rebind(hidden, callNorm(m, childOf(module, finalNorm), hidden));
  if (projectOut === undefined) return normed;
  return frame.rebind(normed, callLinear(m, childOf(module, projectOut), normed));
}

/**
 * `(cumsum(mask) * mask - 1).long()`, with ones where there is no mask.
 *
 * Source: transformers models/opt/modeling_opt.py `OPTDecoder.forward`.
 */
function overMask(m: Machine, frame: Frame, { inputIds, attentionMask }: Batch): Tensor {
  const mask = frame.hold(attentionMask ?? m.empty("ones", inputIds.shape, "float32"));
  const { dtype } = mask;
  const counted = frame.hold(m.empty("cumsum", mask.shape, dtype));
  const shifted = pointwise(m, "sub", [pointwise(m, "mul", [counted, mask], dtype)], dtype);
  return frame.rebind(
    counted,
    dtype === "int64" ? shifted : pointwise(m, "_to_copy", [shifted], "int64"),
  );
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
  if (forward.countsMask !== true) {
    return add(m, embedded, frame.hold(callEmbedding(m, table, positions)));
  }
  const shifted = pointwise(m, "add", [positions], "int64");
  const places = frame.hold(callEmbedding(m, table, shifted));
  const { projectIn } = forward;
  const wide =
    projectIn === undefined
      ? embedded
      : frame.rebind(embedded, callLinear(m, childOf(module, projectIn), embedded));
  return add(m, wide, places);
}

interface LayerInputs {
  readonly input: Tensor;
  readonly positions: Tensor;
  readonly masks: Masks;
  readonly options: ForwardOptions;
  readonly padding: Tensor | undefined;
}

/** What each kind of layer sees besides the hidden state. */
function layerContexts(
  { m, frame, module, forward }: DecoderCall,
  { input, positions, masks, options, padding }: LayerInputs,
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
  const withState = layersWithState(module, forward);
  return (index) => {
    const kind = forward.layerTypes?.[index] ?? "full_attention";
    const pair = tables.get(kinds === undefined ? "" : kind);
    const hasState = withState.has(index);
    const mask = hasState ? undefined : masks.get(kind);
    const seesTables = !(hasState && forward.hidesTables === true);
    return {
      implementation: options.attention,
      card: options.card,
      ...(forward.hidesPositions === true ? {} : { positions }),
      ...(pair === undefined || !seesTables ? {} : { tables: pair }),
      ...(mask === undefined ? {} : { mask }),
      ...(padding === undefined ? {} : { padding }),
    };
  };
}

/** Layers without attention, which are given no mask; by their real indices. */
function layersWithState(module: BoundModule, { layers }: DecoderForward): ReadonlySet<number> {
  const found = childOf(module, layers).elements.filter((layer) => {
    const { forward } = layer.node;
    if (forward?.kind !== "decoder_layer") return false;
    const { kind } = childOf(layer, forward.attention).node.forward ?? {};
    return kind === "gated_delta_net" || kind === "short_convolution";
  });
  return new Set(found.map(indexOf));
}
