/**
 * An encoder or a decoder of an encoder-decoder whose tokens have positions.
 *
 * Source: transformers models/bart/modeling_bart.py `BartEncoder`, `BartDecoder`; models/m2m_100, models/pegasus.
 */

import type { PairedStackForward } from "../../../graph/tree/encoder-decoder-forward.js";
import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import { checkpoint } from "../../machine/checkpoint.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, mulScalar, pointwise } from "../../machine/ops/elementwise.js";
import { expand } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Batch, ForwardOptions } from "./batch.js";
import type { StackInputs } from "./biased-stack.js";
import { countedPlaces } from "./counted-places.js";
import { callEmbedding } from "./embedding.js";
import { buildEncoderMask, buildMask } from "./masks.js";
import { callNorm } from "./norm.js";
import { callPairedLayer } from "./paired-layer.js";

interface Call {
  readonly m: Machine;
  readonly frame: Frame;
  readonly module: BoundModule;
  readonly forward: PairedStackForward;
}

/** `stack(input_ids)`: (b, s) → (b, s, hidden_size). */
export function callPairedStack(m: Machine, module: BoundModule, inputs: StackInputs): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "paired_stack") throw new Error(`${module.path} is no stack`);
  const { batch, options, memory } = inputs;
  return m.call(module.path, memory === undefined ? [] : [memory.hidden], (frame) => {
    const call = { m, frame, module, forward };
    const words = frame.hold(embedWords(call, batch.inputIds, options));
    const range = decoderRange(call, batch.inputIds);
    const early = forward.isDecoder ? contextsOf(call, inputs, words) : undefined;
    const places = frame.hold(placesOf(call, batch.inputIds, range));
    if (range !== undefined && forward.rebindsRange === true) frame.drop(range);
    let hidden = frame.hold(add(m, words, places));
    const { embeddingNorm, finalNorm } = forward;
    if (embeddingNorm !== undefined) {
      hidden = frame.rebind(hidden, callNorm(m, childOf(module, embeddingNorm), hidden));
    }
    hidden = frame.rebind(hidden, dropout(m, hidden, forward.dropout));
    const contexts = early ?? contextsOf(call, inputs, words);
    const last = runLayers(call, hidden, { contexts, options });
    if (finalNorm === undefined) return last;
    return frame.rebind(last, callNorm(m, childOf(module, finalNorm), last));
  });
}

function embedWords(
  { m, module, forward }: Call,
  inputIds: Tensor,
  options: ForwardOptions,
): Tensor {
  const table = childOf(module, forward.words);
  const isScaled = table.node.forward?.kind === "scaled_embedding";
  const lookedUp = (): Tensor => {
    const words = callEmbedding(m, table, inputIds);
    return isScaled ? mulScalar(m, words) : words;
  };
  const words = isScaled ? m.call(table.path, [inputIds], lookedUp) : lookedUp();
  if (options.inputRequiresGrad && words.isLeaf) words.requiresGrad = true;
  return forward.scalesWords ? mulScalar(m, words) : words;
}

/** Positions that a decoder counts before it makes masks: `arange + 0`, (s,). */
function decoderRange({ m, frame, forward }: Call, inputIds: Tensor): Tensor | undefined {
  if (!forward.isDecoder || forward.places === "counted") return undefined;
  const length = inputIds.size(-1);
  return frame.hold(pointwise(m, "add", [m.empty("arange", [length], "int64")], "int64"));
}

/** (b, s, hidden_size), or of one row for all. */
function placesOf(
  { m, module, forward }: Call,
  inputIds: Tensor,
  given: Tensor | undefined,
): Tensor {
  const table = childOf(module, forward.positions);
  const [rows = 1, length = 1] = inputIds.shape;
  const range = (): Tensor => m.empty("arange", [length], "int64");
  if (forward.places === "counted") {
    const width = (table.buffers.get("weights") ?? missing()).size(1);
    return m.call(table.path, [inputIds], (frame) => {
      frame.hold(countedPlaces(m, inputIds));
      const { dtype } = table.buffers.get("weights") ?? missing();
      return m.empty("index_select", [rows, length, width], dtype);
    });
  }
  if (forward.places === "fixed") {
    return m.frame((frame) => callEmbedding(m, table, frame.hold(given ?? range())));
  }
  return m.call(table.path, [inputIds], (frame) => {
    const wide =
      given === undefined
        ? expand(m, frame.hold(range()), [rows, length])
        : m.alias(given, [1, length], [length, 1]);
    const shifted = pointwise(m, "add", [wide], "int64");
    return callEmbedding(m, table, shifted);
  });
}

/** Of attention to the own sequence, and of that to another. */
function contextsOf(
  { m, frame, module, forward }: Call,
  { batch, options, memory }: StackInputs,
  words: Tensor,
): readonly AttentionContext[] {
  const plain = { implementation: options.attention, card: options.card };
  const masked = (mask: Tensor | undefined): AttentionContext =>
    mask === undefined ? plain : { ...plain, mask: frame.hold(mask) };
  if (!forward.isDecoder) return [masked(buildEncoderMask(m, module.kernels, batch))];
  const own = masked(ownMask({ m, frame, module, forward }, batch, options, words));
  if (memory === undefined) return [own];
  const queries = batch.inputIds.size(-1);
  const cross = masked(buildEncoderMask(m, module.kernels, memory.batch, { queries }));
  return [own, { ...cross, memory: memory.hidden }];
}

/** A mask of ones is made, found to be ones, and forgotten. */
function ownMask(
  { m, frame: outer, module, forward }: Call,
  batch: Batch,
  options: ForwardOptions,
  words: Tensor,
): Tensor | undefined {
  const ones = m.empty("ones", batch.inputIds.shape, "float32");
  if (forward.keepsOnes === true) outer.hold(ones);
  return m.frame<readonly Tensor[]>((frame) => {
    const attentionMask = frame.hold(ones);
    const inputs = { batch: { ...batch, attentionMask }, options, dtype: words.dtype };
    const need = { window: undefined, isNeeded: false, isRead: options.attention === "sdpa" };
    const mask = buildMask(m, module.kernels, inputs, need);
    return mask === undefined ? [] : [mask];
  })[0];
}

interface LayersRun {
  readonly contexts: readonly AttentionContext[];
  readonly options: ForwardOptions;
}

function runLayers(
  { m, frame, module, forward }: Call,
  start: Tensor,
  { contexts, options }: LayersRun,
): Tensor {
  const { elements, loop = missing() } = childOf(module, forward.layers);
  const captured = contexts.flatMap(({ mask, memory }) =>
    [mask, memory].filter((each) => each !== undefined),
  );
  const isCheckpointed = options.checkpointing !== "none";
  let hidden = start;
  elements.forEach((layer, position) => {
    m.enterSection(loop, position);
    const run = ([input]: readonly Tensor[]): readonly Tensor[] => {
      m.enterSection(loop, position);
      return [callPairedLayer(m, layer, input ?? missing(), contexts)];
    };
    if (isCheckpointed) m.markAs(hidden, "checkpoints");
    const [output = missing()] = isCheckpointed
      ? checkpoint(m, { inputs: [hidden], captured, run })
      : run([hidden]);
    hidden = frame.rebind(hidden, output);
  });
  m.leaveSection();
  return hidden;
}
