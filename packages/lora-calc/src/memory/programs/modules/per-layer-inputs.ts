/**
 * Short vectors that every token adds to every layer: looked up in a table of their own, and projected from its embedding.
 *
 * Source: transformers models/gemma4/modeling_gemma4.py `get_per_layer_inputs`, `project_per_layer_inputs`.
 */

import type { PerLayerInputs } from "../../../graph/tree/forward.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { add, mulScalar } from "../../machine/ops/elementwise.js";
import { reshape } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { callEmbedding } from "./embedding.js";
import { callLinear } from "./linear.js";
import { callNorm } from "./norm.js";

/** (b, s, layers, width) of the tokens alone. */
export function lookUpPerLayer(
  m: Machine,
  module: BoundModule,
  names: PerLayerInputs,
  inputIds: Tensor,
): Tensor {
  const rows = callEmbedding(m, childOf(module, names.table), inputIds);
  return reshape(m, rows, [...inputIds.shape, names.layers, -1]);
}

/** `(norm(projection(embedded)) + looked) * number`. */
export function projectPerLayer(
  m: Machine,
  module: BoundModule,
  names: PerLayerInputs,
  { embedded, looked }: { readonly embedded: Tensor; readonly looked: Tensor },
): Tensor {
  return m.frame((frame) => {
    const projected = callLinear(m, childOf(module, names.projection), embedded);
    const scaled = frame.hold(mulScalar(m, projected));
    const cut = frame.rebind(scaled, reshape(m, scaled, looked.shape));
    const normed = frame.rebind(cut, callNorm(m, childOf(module, names.norm), cut));
    return mulScalar(m, add(m, normed, looked));
  });
}
