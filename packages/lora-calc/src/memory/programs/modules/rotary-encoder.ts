/**
 * An encoder of text whose layers turn queries and keys by their positions, and of which some see a window.
 *
 * Source: transformers models/modernbert/modeling_modernbert.py `ModernBertModel.forward`, `ModernBertEmbeddings`.
 */

import { childOf } from "../../load/bound-module.js";
import type { AttentionContext, BoundModule } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { dropout } from "../../machine/ops/dropout.js";
import type { Tensor } from "../../machine/tensor.js";
import type { Batch, ForwardOptions } from "./batch.js";
import { callEmbedding } from "./embedding.js";
import { runLayers } from "./layers.js";
import { buildEncoderMask } from "./masks.js";
import { callNorm } from "./norm.js";
import { rotaryTables } from "./rotary-tables.js";

const SLIDING = "sliding_attention";

/** `encoder(input_ids)`: (b, s) → (b, s, hidden_size). */
export function callRotaryEncoder(
  m: Machine,
  module: BoundModule,
  batch: Batch,
  options: ForwardOptions,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "rotary_encoder") throw new Error(`${module.path} is no encoder`);
  return m.call(module.path, [], (frame) => {
    const positions = frame.hold(m.empty("arange", [1, batch.inputIds.size(-1)], "int64"));
    const hidden = frame.hold(
      embedded(m, childOf(module, forward.embeddings), batch.inputIds, options),
    );
    // The arguments of the masks keep it, beside the variable that the layers take over.
    frame.hold(hidden);
    const contexts = new Map<string, AttentionContext>();
    const masks = ["full_attention", SLIDING].map((kind) => {
      const within = kind === SLIDING ? { window: forward.window } : {};
      const mask = buildEncoderMask(m, module.kernels, batch, within);
      return [kind, mask === undefined ? undefined : frame.hold(mask)] as const;
    });
    const rotary = childOf(module, forward.rotary);
    for (const [kind, mask] of masks) {
      if (!forward.layerTypes.includes(kind)) continue;
      const tables = rotaryTables(m, rotary, positions, { hidden, kind });
      for (const table of tables) frame.hold(table);
      contexts.set(kind, {
        ...{ implementation: options.attention, card: options.card, tables },
        ...(mask === undefined ? {} : { mask }),
      });
    }
    const plain = { implementation: options.attention, card: options.card };
    const contextOf = (index: number): AttentionContext =>
      contexts.get(forward.layerTypes[index] ?? "") ?? plain;
    const layers = childOf(module, forward.layers);
    const last = runLayers({ m, frame, layers }, hidden, { contexts: contextOf, options });
    return frame.rebind(last, callNorm(m, childOf(module, forward.finalNorm), last));
  });
}

function embedded(
  m: Machine,
  module: BoundModule,
  inputIds: Tensor,
  options: ForwardOptions,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "normed_embeddings") throw new Error(`${module.path} embeds no text`);
  return m.call(module.path, [inputIds], () => {
    const words = callEmbedding(m, childOf(module, forward.words), inputIds);
    if (options.inputRequiresGrad && words.isLeaf) words.requiresGrad = true;
    const normed = callNorm(m, childOf(module, forward.norm), words);
    return dropout(m, normed, forward.dropout);
  });
}
