/** Equal layers one after the other, each perhaps checkpointed: what decoders and towers have in common. */

import { missing } from "../../../problem/missing.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import { checkpoint, checkpointReentrant } from "../../machine/checkpoint.js";
import type { Checkpointed } from "../../machine/checkpoint.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import type { ForwardOptions } from "./batch.js";
import { callDecoderLayer } from "./decoder-layer.js";

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
}

export function runLayers(
  { m, frame, layers }: LayersCall,
  start: Tensor,
  { contexts, options }: LayersRun,
): Tensor {
  const { loop = missing() } = layers;
  let hidden = start;
  layers.elements.forEach((layer, position) => {
    m.enterSection(loop, position);
    const context = contexts(indexOf(layer));
    const work = {
      inputs: [hidden],
      captured: capturedOf(context),
      run: ([input]: readonly Tensor[]): readonly Tensor[] => {
        if (input === undefined) throw new Error("a layer needs its hidden state");
        m.enterSection(loop, position);
        return [callDecoderLayer(m, layer, input, context)];
      },
    };
    if (options.checkpointing !== "none") m.markAs(hidden, "checkpoints");
    hidden = frame.rebind(hidden, runOne(m, work, options));
  });
  m.leaveSection();
  return hidden;
}

function capturedOf({ positions, tables, mask }: AttentionContext): readonly Tensor[] {
  return [
    ...(positions === undefined ? [] : [positions]),
    ...(tables ?? []),
    ...(mask === undefined ? [] : [mask]),
  ];
}

function indexOf(layer: BoundModule): number {
  return Number(layer.path.slice(layer.path.lastIndexOf(".") + 1));
}

function runOne(m: Machine, work: Checkpointed, options: ForwardOptions): Tensor {
  if (options.checkpointing === "reentrant") return checkpointReentrant(m, work);
  const isSelective = options.checkpointing === "selective";
  const [output] =
    options.checkpointing === "none" ? work.run(work.inputs) : checkpoint(m, work, { isSelective });
  if (output === undefined) throw new Error("a layer gave no output");
  return output;
}
