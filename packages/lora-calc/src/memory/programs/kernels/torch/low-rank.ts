/** The two small projections of an adapter: A (r, in_features) and B (out_features, r). */

import type { Machine } from "../../../machine/machine.js";
import { linear } from "../../../machine/ops/matmul.js";
import type { Tensor } from "../../../machine/tensor.js";
import type { BoundLora } from "../../../load/bound-module.js";

export function throughA(m: Machine, path: string, lora: BoundLora, x: Tensor): Tensor {
  return m.call(`${path}.lora_A.default`, [x], () => linear(m, x, lora.a));
}

export function throughB(m: Machine, path: string, lora: BoundLora, x: Tensor): Tensor {
  return m.call(`${path}.lora_B.default`, [x], () => linear(m, x, lora.b, lora.bias));
}
