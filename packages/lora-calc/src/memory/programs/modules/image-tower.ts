/**
 * A tower over the patches of an image.
 *
 * Source: transformers models/vit/modeling_vit.py.
 */

import { childOf, parameterOf } from "../../load/bound-module.js";
import type { BoundModule } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { patchConvolution } from "../../machine/ops/convolution.js";
import { dropout } from "../../machine/ops/dropout.js";
import { add, cat } from "../../machine/ops/elementwise.js";
import { expand, transpose, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { ForwardOptions } from "./batch.js";
import { runLayers } from "./layers.js";
import { callNorm } from "./norm.js";

/** (b, channels, height, width) → (b, patches + 1, hidden_size). */
export function callImageTower(
  m: Machine,
  module: BoundModule,
  pixels: Tensor,
  options: ForwardOptions,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "image_tower") throw new Error(`${module.path} is no image tower`);
  return m.call(module.path, [pixels], (frame) => {
    const converted = frame.hold(cast(m, pixels, module.dtype));
    const embeddings = childOf(module, forward.embeddings);
    const start = frame.hold(embedImage(m, embeddings, converted, options));
    // A variable of its own beside that of the hidden states.
    frame.hold(start);
    const context = { implementation: options.attention, card: options.card };
    const layers = childOf(module, forward.layers);
    const hidden = runLayers({ m, frame, layers }, start, { contexts: () => context, options });
    return callNorm(m, childOf(module, forward.finalNorm), hidden);
  });
}

function embedImage(
  m: Machine,
  module: BoundModule,
  pixels: Tensor,
  options: ForwardOptions,
): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "image_embeddings") throw new Error(`${module.path} embeds no image`);
  return m.call(module.path, [pixels], (frame) => {
    const patches = frame.hold(cutPatches(m, childOf(module, forward.patches), pixels));
    if (options.inputRequiresGrad && patches.isLeaf) patches.requiresGrad = true;
    const token = parameterOf(module, forward.classToken);
    const tokens = frame.hold(expand(m, token, [patches.size(0), 1, patches.size(2)]));
    const joined = frame.rebind(patches, joinedOf(m, tokens, patches));
    const placed = frame.rebind(joined, add(m, joined, parameterOf(module, forward.positions)));
    return frame.rebind(placed, dropout(m, placed, forward.dropout));
  });
}

/** Autocast brings what is put together to the wider of its dtypes. */
function joinedOf(m: Machine, tokens: Tensor, patches: Tensor): Tensor {
  return m.frame((frame) => {
    const isWide = tokens.dtype === "float32" || patches.dtype === "float32";
    const parts = [tokens, patches].map((part) =>
      frame.hold(isWide ? cast(m, part, "float32") : part),
    );
    return cat(m, parts, 1);
  });
}

/** (b, channels, height, width) → (b, patches, hidden_size), as a view. */
function cutPatches(m: Machine, module: BoundModule, pixels: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "patches") throw new Error(`${module.path} cuts no patches`);
  return m.call(module.path, [pixels], () => {
    const projection = childOf(module, forward.projection);
    const weight = parameterOf(projection, "weight");
    const grid = m.call(projection.path, [pixels], () =>
      patchConvolution(m, pixels, weight, projection.parameters.get("bias")),
    );
    const [rows = 1, width = 1, ...sides] = grid.shape;
    return transpose(m, view(m, grid, [rows, width, sides.reduce((a, b) => a * b, 1)]), 1, 2);
  });
}
