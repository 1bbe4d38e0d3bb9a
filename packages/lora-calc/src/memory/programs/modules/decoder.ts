/** The stack between token ids and the last hidden state. */

import type { DecoderForward } from "../../../graph/tree/forward.js";
import type { Machine } from "../../machine/machine.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, mulScalar, pointwise } from "../../machine/ops/elementwise.js";
import { SharedTensors } from "../../machine/shared-tensors.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Batch, ForwardOptions } from "./batch.js";
import type { AttentionContext, BoundModule, PackedRow } from "../../load/bound-module.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import { expandStreams, joinStreams } from "./alternating-streams.js";
import { callEmbedding } from "./embedding.js";
import { callLinear } from "./linear.js";
import { paddingByHand } from "./mask-by-hand.js";
import { buildMasks } from "./masks.js";
import type { DecoderCall, Masks } from "./masks.js";
import { indexOf, runLayers } from "./layers.js";
import { WITH_STATE } from "./mixer.js";
import { callNorm } from "./norm.js";
import { lookUpPerLayer, projectPerLayer } from "./per-layer-inputs.js";
import { rotaryTables } from "./rotary-tables.js";

export function decoderOf({ node: { forward }, path }: BoundModule): DecoderForward {
  if (forward?.kind !== "decoder") throw new Error(`${path} is not a decoder`);
  return forward;
}

/** What was made outside the decoder. */
export interface Given {
  readonly embedded: Tensor;
  readonly positions: Tensor | undefined;
  readonly masks: Masks | undefined;
  /** Of the tokens alone. */
  readonly perLayer?: Tensor;
}

export interface DecoderInputs {
  readonly batch: Batch;
  readonly options: ForwardOptions;
}

/** `decoder(input_ids)`: (b, s) → (b, s, hidden_size). */
export function callDecoder(
  m: Machine,
  module: BoundModule,
  inputs: DecoderInputs,
  given?: Given,
): Tensor {
  const shared = decoderOf(module).sharesKeys === true ? new SharedTensors(m) : undefined;
  const output = runDecoder({ m, module, shared }, inputs, given);
  shared?.release();
  return output;
}

interface DecoderRun {
  readonly m: Machine;
  readonly module: BoundModule;
  readonly shared: SharedTensors | undefined;
}

function runDecoder(
  { m, module, shared }: DecoderRun,
  { batch, options }: DecoderInputs,
  given?: Given,
): Tensor {
  const forward = decoderOf(module);
  return m.call(module.path, [], (frame) => {
    const call = { m, frame, module, forward };
    const places = (): Tensor =>
      frame.hold(
        given?.positions ??
          (batch.packed === undefined
            ? module.kernels.positionIds(m, batch.inputIds.size(-1))
            : m.alias(batch.packed.positions)),
      );
    if (forward.attendsNowhere === true) return runStates(call, { batch, options });
    const firstPositions = forward.positionsFirst === true ? places() : undefined;
    const own =
      forward.masksByHand === "of_padding" ? ofPadding(m, frame, module, batch) : undefined;
    const embedded = frame.hold(given?.embedded ?? embedTokens(m, module, { batch, options }));
    const perLayer = inputsPerLayer(call, { embedded, inputIds: batch.inputIds }, given?.perLayer);
    const positions =
      forward.countsMask === true ? overMask(m, frame, batch) : (firstPositions ?? places());
    // A mask is made before positions are looked up, or behind; it has the dtype of both.
    const inputs = { batch, options, dtype: embedded.dtype };
    const early = own ?? (forward.masksFirst === true ? buildMasks(call, inputs) : given?.masks);
    let input = frame.hold(addPositions(call, { embedded, positions }));
    const masks = early ?? buildMasks(call, inputs);
    if (forward.scalesAfterMasks === true) {
      // `inputs_embeds` takes the product, and keeps it until the decoder returns.
      input = frame.rebind(input, mulScalar(m, input));
      frame.rebind(embedded, input);
    }
    const dropped = (x: Tensor): Tensor =>
      frame.rebind(x, dropout(m, x, forward.embeddingDropout ?? 0));
    if (forward.dropsBeforeTables === true) input = dropped(input);
    const { streams } = forward;
    const alternating = streams === undefined ? undefined : { m, frame, module, streams };
    const [all, variables] =
      alternating === undefined ? [input, undefined] : expandStreams(alternating, input);
    input = all;
    const padding = batch.isPadded ? batch.attentionMask : undefined;
    const beside = { padding, shared, perLayer, packed: batch.packed };
    const contexts = layerContexts(call, { input, positions, masks, options, beside });
    const scaled = forward.scalesLate === true ? frame.rebind(input, mulScalar(m, input)) : input;
    const start = forward.dropsBeforeTables === true ? scaled : dropped(scaled);
    const layers = childOf(module, forward.layers);
    const hidden = runLayers({ m, frame, layers }, start, {
      contexts,
      ...checkpointsOf(forward, options),
    });
    const joined =
      alternating === undefined || variables === undefined
        ? hidden
        : joinStreams(alternating, hidden, variables);
    return afterLayers(call, joined);
  });
}

/** Layers that all keep a state: what is padding is all they see beside the hidden state. */
function runStates(call: DecoderCall, { batch, options }: DecoderInputs): Tensor {
  const { m, frame, module, forward } = call;
  const embedded = frame.hold(embedTokens(m, module, { batch, options }));
  const padding =
    batch.attentionMask === undefined || !batch.isPadded ? {} : { padding: batch.attentionMask };
  const context = { implementation: options.attention, card: options.card, ...padding };
  const layers = childOf(module, forward.layers);
  const start = frame.hold(embedded);
  const hidden = runLayers({ m, frame, layers }, start, { contexts: () => context, options });
  return afterLayers(call, hidden);
}

/** In the dtype of the weights; of a batch without padding there is none. */
function ofPadding(m: Machine, frame: Frame, module: BoundModule, batch: Batch): Masks {
  const table = childOf(module, decoderOf(module).tokenEmbedding);
  const { attentionMask } = batch;
  if (attentionMask === undefined) return new Map();
  const { dtype } = parameterOf(table, "weight");
  return new Map([["full_attention", paddingByHand(m, frame, attentionMask, dtype)]]);
}

/** Where the code of the layers calls torch itself: its default. Source: torch 2.13 utils/checkpoint.py `checkpoint`. */
function checkpointsOf({ checkpointsReentrant }: DecoderForward, options: ForwardOptions) {
  const isOwn = options.checkpointing !== "none" && checkpointsReentrant === true;
  return isOwn
    ? { options: { ...options, checkpointing: "reentrant" as const }, checkpointsArguments: true }
    : { options };
}

/** Vectors of every token for every layer, of models that have them; of the tokens alone where they were looked up outside. */
function inputsPerLayer(
  { m, frame, module, forward: { perLayerInputs: names } }: DecoderCall,
  { embedded, inputIds }: { readonly embedded: Tensor; readonly inputIds: Tensor },
  given: Tensor | undefined,
): Tensor | undefined {
  if (names === undefined) return undefined;
  const looked = frame.hold(given ?? lookUpPerLayer(m, module, names, inputIds));
  return frame.rebind(looked, projectPerLayer(m, module, names, { embedded, looked }));
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

export function embedTokens(
  m: Machine,
  module: BoundModule,
  { batch, options }: DecoderInputs,
): Tensor {
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
  readonly beside: {
    readonly padding: Tensor | undefined;
    readonly shared: SharedTensors | undefined;
    readonly perLayer: Tensor | undefined;
    readonly packed: PackedRow | undefined;
  };
}

/** What each kind of layer sees besides the hidden state. */
function layerContexts(
  { m, frame, module, forward }: DecoderCall,
  { input, positions, masks, options, beside }: LayerInputs,
): (index: number) => AttentionContext {
  const rotary = forward.rotary === undefined ? undefined : childOf(module, forward.rotary);
  const kinds =
    rotary?.node.forward?.kind === "rotary" ? rotary.node.forward.perLayerType : undefined;
  const tables = new Map<string, readonly [Tensor, Tensor]>();
  if (rotary !== undefined) {
    for (const kind of kinds ?? [""]) {
      const pair = rotaryTables(m, rotary, positions, { hidden: input, kind });
      for (const table of pair) frame.hold(table);
      tables.set(kind, pair);
    }
  }
  const withState = layersWithState(module, forward);
  const { padding, shared, perLayer, packed } = beside;
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
      ...(packed === undefined ? {} : { packed }),
      ...(shared === undefined ? {} : { shared }),
      ...(perLayer === undefined ? {} : { perLayer }),
    };
  };
}

/** Layers without attention, which are given no mask; by their real indices. */
function layersWithState(module: BoundModule, { layers }: DecoderForward): ReadonlySet<number> {
  const found = childOf(module, layers).elements.filter((layer) => {
    const { forward } = layer.node;
    if (forward?.kind !== "decoder_layer" && forward?.kind !== "mixer_layer") return false;
    const mixer = forward.kind === "mixer_layer" ? forward.mixer : forward.attention;
    return WITH_STATE.has(childOf(layer, mixer).node.forward?.kind);
  });
  return new Set(found.map(indexOf));
}
