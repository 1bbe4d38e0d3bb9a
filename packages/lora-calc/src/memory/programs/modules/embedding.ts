/** Embedding tables as they run. */

import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { add, mul, mulScalar } from "../../machine/ops/elementwise.js";
import { embedding } from "../../machine/ops/embedding.js";
import { matmul } from "../../machine/ops/matmul.js";
import { t } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { BoundLora, BoundModule } from "../../load/bound-module.js";
import { parameterOf } from "../../load/bound-module.js";
import { lookUpTrained } from "./trained-tokens.js";

/** `module(indices)`: (…,) → (…, dim). */
export function callEmbedding(m: Machine, module: BoundModule, indices: Tensor): Tensor {
  if (module.copy !== undefined) return callEmbedding(m, module.copy, indices);
  const { lora, tokens } = module;
  if (tokens !== undefined) return lookUpTrained(m, module, tokens, indices);
  return lora === undefined ? lookUp(m, module, indices) : withLora(m, module, lora, indices);
}

/**
 * `embedding(indices) + embedding(indices, A.T) @ B.T * scaling`: A is (r, rows), B is (dim, r).
 *
 * Source: peft tuners/lora/layer.py `Embedding.forward`.
 */
function withLora(m: Machine, module: BoundModule, lora: BoundLora, indices: Tensor): Tensor {
  return m.call(module.path, [indices], (frame) => {
    const result = frame.hold(lookUp(m, module, indices));
    const rows = frame.hold(t(m, lora.a));
    const columns = frame.hold(t(m, lora.b));
    const found = frame.hold(embedding(m, indices, rows));
    const delta = frame.hold(mulScalar(m, matmul(m, found, columns)));
    const scale = module.buffers.get("embed_scale");
    const output =
      scale === undefined ? delta : frame.rebind(delta, mul(m, delta, cast(m, scale, delta.dtype)));
    const sum = frame.rebind(result, add(m, result, output));
    return cast(m, sum, result.dtype);
  });
}

function lookUp(m: Machine, module: BoundModule, indices: Tensor): Tensor {
  return m.call(module.path, [indices], () => {
    const weight = parameterOf(module, "weight");
    const rows = embedding(m, indices, weight);
    const scale = module.buffers.get("embed_scale");
    return scale === undefined ? rows : mul(m, rows, cast(m, scale, weight.dtype));
  });
}
