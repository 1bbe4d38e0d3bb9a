/** Equal layers one after the other, each perhaps checkpointed: what decoders and towers have in common. */

import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { checkpoint, checkpointReentrant } from "../../machine/checkpoint.js";
import type { Checkpointed } from "../../machine/checkpoint.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { select } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { ForwardOptions } from "./batch.js";
import { callAlternatingLayer } from "./alternating-layer.js";
import { callAlibiLayer } from "./alibi-layer.js";
import { callEncoderLayer } from "./encoder-layer.js";
import { callDecoderLayer } from "./decoder-layer.js";
import { callMixerLayer } from "./mixer-layer.js";

interface LayersCall {
  readonly m: Machine;
  readonly frame: Frame;
  /** The ModuleList. */
  readonly layers: BoundModule;
}

interface LayersRun {
  /** What a layer sees besides the hidden state, by its real index. */
  readonly contexts: (index: number) => AttentionContext;
  readonly options: ForwardOptions;
  /** A checkpoint is given all that a layer sees as arguments, which it saves; else as attributes, which live as long as it does. */
  readonly checkpointsArguments?: boolean;
  /** What becomes of what the first layer gives. */
  readonly afterFirst?: (output: Tensor) => Tensor;
  /** Every hidden state has a name until the layers have run. */
  readonly keepsStates?: boolean;
}

export function runLayers(
  { m, frame, layers }: LayersCall,
  start: Tensor,
  { contexts, options, afterFirst, keepsStates = false, checkpointsArguments = false }: LayersRun,
): Tensor {
  const { loop = missing() } = layers;
  let hidden = start;
  /** What the layer before returned beside the hidden state. */
  let kept: Tensor | undefined;
  layers.elements.forEach((layer, position) => {
    if (layer.node.forward?.kind === "looking_layer") return;
    m.enterSection(loop, position);
    const context = withChoice(contexts(indexOf(layer)), layer, kept);
    const { shared, perLayer } = context;
    const part = perLayer === undefined ? undefined : frame.hold(select(m, perLayer, 2));
    const seen = capturedOf(context);
    const work = {
      inputs: [
        hidden,
        ...(part === undefined ? [] : [part]),
        ...(checkpointsArguments ? seen : []),
      ],
      captured: checkpointsArguments ? [] : seen,
      ...(shared === undefined ? {} : { shared }),
      run: ([input, second]: readonly Tensor[]): readonly Tensor[] => {
        const own = part === undefined ? undefined : second;
        if (input === undefined) throw new Error("a layer needs its hidden state");
        m.enterSection(loop, position);
        const kind = layer.node.forward?.kind;
        if (kind === "alibi_layer") return callAlibiLayer(m, layer, input, context);
        if (kind === "mixer_layer") return [callMixerLayer(m, layer, input, context)];
        if (kind === "alternating_layer") {
          return [callAlternatingLayer(m, layer, input, { ...context, ...ownOf(own) })];
        }
        if (kind !== "decoder_layer") {
          return [callEncoderLayer(m, layer, input, context)];
        }
        return callDecoderLayer(m, layer, input, { ...context, ...ownOf(own) });
      },
    };
    if (options.checkpointing !== "none") m.markAs(hidden, "checkpoints");
    const [given, scores] = runOne(m, work, options);
    const isFirst = indexOf(layer) === 0;
    const output = isFirst && afterFirst !== undefined ? afterFirst(given) : given;
    hidden = keepsStates ? frame.hold(output) : frame.rebind(hidden, output);
    const before = kept;
    kept = scores === undefined ? undefined : frame.hold(scores);
    if (before !== undefined) frame.drop(before);
    if (part !== undefined) frame.drop(part);
  });
  m.leaveSection();
  return hidden;
}

/** Layers of sparse attention are given what the layer before chose, whether they use it or not. */
function withChoice(
  context: AttentionContext,
  layer: BoundModule,
  kept: Tensor | undefined,
): AttentionContext {
  const { forward } = layer.node;
  const takes = forward?.kind === "decoder_layer" && forward.takesChoice === true;
  return takes && kept !== undefined ? { ...context, choice: kept } : context;
}

/** What the tokens add to one layer, in place of what they add to all. */
function ownOf(own: Tensor | undefined): Pick<AttentionContext, "perLayer"> {
  return own === undefined ? {} : { perLayer: own };
}

function capturedOf(context: AttentionContext): readonly Tensor[] {
  const { positions, tables, mask, alibi, distances, choice } = context;
  return [
    ...(choice === undefined ? [] : [choice]),
    ...(distances === undefined ? [] : [distances.places, distances.table]),
    ...(alibi === undefined ? [] : [alibi]),
    ...(positions === undefined ? [] : [positions]),
    ...(tables ?? []),
    ...(mask === undefined ? [] : [mask]),
  ];
}

/** The real index of an element of a list. */
export function indexOf(layer: BoundModule): number {
  return Number(layer.path.slice(layer.path.lastIndexOf(".") + 1));
}

function runOne(
  m: Machine,
  work: Checkpointed,
  { checkpointing }: ForwardOptions,
): readonly [Tensor, Tensor?] {
  const [output, scores] = outputsOf(m, work, checkpointing);
  if (output === undefined) throw new Error("a layer gave no output");
  return scores === undefined ? [output] : [output, scores];
}

function outputsOf(
  m: Machine,
  work: Checkpointed,
  checkpointing: ForwardOptions["checkpointing"],
): readonly Tensor[] {
  if (checkpointing === "none") return work.run(work.inputs);
  if (checkpointing === "reentrant") return checkpointReentrant(m, work);
  return checkpoint(m, work, { isSelective: checkpointing === "selective" });
}
