/**
 * Short vectors that every token adds to every layer: looked up in a table of their own, and projected from its embedding.
 *
 * Source: transformers models/gemma4/modeling_gemma4.py `get_per_layer_inputs`, `project_per_layer_inputs`.
 */

import type { PerLayerInputs } from "../../../graph/tree/forward.js";
import type { BoundModule } from "../../load/bound-module.js";
import { childOf } from "../../load/bound-module.js";
import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { add, mulInPlace, mulScalar, pointwise } from "../../machine/ops/elementwise.js";
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
  return m.frame((frame) => {
    const tokens = names.checksTokens === true ? inTable(m, frame, inputIds) : inputIds;
    const rows = callEmbedding(m, childOf(module, names.table), tokens);
    return reshape(m, rows, [...inputIds.shape, names.layers, -1]);
  });
}

/** Zeros in the place of tokens outside the table; which those are keeps its variable. */
function inTable(m: Machine, frame: Frame, { shape }: Tensor): Tensor {
  const bounds = ["ge", "lt"].map((tag) => m.empty(tag, shape, "bool"));
  frame.hold(pointwise(m, "logical_and", bounds, "bool"));
  const tokens = m.frame((inner) => {
    inner.hold(m.empty("scalar_tensor", [], "int64"));
    return m.empty("where", shape, "int64");
  });
  return frame.hold(tokens);
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
    const factor = names.scaledBy === undefined ? undefined : module.buffers.get(names.scaledBy);
    const scaled = frame.hold(
      factor === undefined ? mulScalar(m, projected) : mulInPlace(m, projected, factor),
    );
    const cut = frame.rebind(scaled, reshape(m, scaled, looked.shape));
    const normed = frame.rebind(cut, callNorm(m, childOf(module, names.norm), cut));
    return mulScalar(m, add(m, normed, looked));
  });
}
