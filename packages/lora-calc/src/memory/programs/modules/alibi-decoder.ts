/**
 * A decoder whose attention adds a bias to the scores in place of positions.
 *
 * Source: transformers models/bloom/modeling_bloom.py `BloomModel.forward`.
 */

import type { BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import { alibiOf, alibiOfRows } from "./alibi.js";
import type { Batch, ForwardOptions } from "./batch.js";
import { callEmbedding } from "./embedding.js";
import { runLayers } from "./layers.js";
import { buildEagerMask } from "./masks.js";
import { callNorm } from "./norm.js";

/** `decoder(input_ids)`: (b, s) → (b, s, hidden_size). */
export function callAlibiDecoder(
  m: Machine,
  module: BoundModule,
  batch: Batch,
  options: ForwardOptions,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "alibi_decoder") throw new Error(`${module.path} is no decoder`);
  return m.call(module.path, [], (frame) => {
    const { inputIds } = batch;
    const embedded = frame.hold(
      callEmbedding(m, childOf(module, forward.tokenEmbedding), inputIds),
    );
    if (options.inputRequiresGrad && embedded.isLeaf) embedded.requiresGrad = true;
    const hidden = frame.hold(callNorm(m, childOf(module, forward.embeddingNorm), embedded));
    const { slopesApart } = module.kernels;
    const given = batch.attentionMask;
    const attended =
      given === undefined && slopesApart
        ? undefined
        : frame.hold(given ?? m.empty("ones", inputIds.shape, "float32"));
    const { heads } = forward;
    const { dtype } = hidden;
    const [rows = 1, length = 1] = inputIds.shape;
    const alibi =
      attended === undefined
        ? alibiOfRows(m, frame, { heads, dtype }, [rows, length])
        : frame.hold(alibiOf(m, { heads, dtype, slopesApart }, attended));
    const sizes = [rows, length] as const;
    const mask = frame.hold(buildEagerMask(m, module.kernels, { attended, sizes }, embedded.dtype));
    const context = { implementation: options.attention, card: options.card, mask, alibi };
    const layers = childOf(module, forward.layers);
    const last = runLayers({ m, frame, layers }, hidden, { contexts: () => context, options });
    return frame.rebind(last, callNorm(m, childOf(module, forward.finalNorm), last));
  });
}
