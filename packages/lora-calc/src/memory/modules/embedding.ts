/** Embedding tables as they run. */

import type { Machine } from "../machine/machine.js";
import { mulScalar } from "../machine/ops/elementwise.js";
import { embedding } from "../machine/ops/embedding.js";
import type { Tensor } from "../machine/tensor.js";
import type { BoundModule } from "./bound-module.js";
import { parameterOf } from "./bound-module.js";

/** `module(indices)`: (…,) → (…, dim). */
export function callEmbedding(m: Machine, module: BoundModule, indices: Tensor): Tensor {
  if (module.copy !== undefined) return callEmbedding(m, module.copy, indices);
  const { forward } = module.node;
  return m.call(module.path, [indices], () => {
    const rows = embedding(m, indices, parameterOf(module, "weight"));
    return forward?.kind === "embedding" && forward.scaled === true ? mulScalar(m, rows) : rows;
  });
}
