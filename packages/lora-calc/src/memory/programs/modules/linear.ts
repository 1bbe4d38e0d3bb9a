/** Linear modules as they run: plain, quantized, or wrapped by LoRA. */

import type { Machine } from "../../machine/machine.js";
import { autocastToHalf } from "../../machine/ops/cast.js";
import { addmm, linear, matmul } from "../../machine/ops/matmul.js";
import { reshape, t, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { BoundModule } from "../../load/bound-module.js";
import { parameterOf } from "../../load/bound-module.js";
import { linear4bit } from "./linear-4bit.js";
import { linear8bit } from "./linear-8bit.js";
import { projectTrained } from "./trained-tokens.js";

/** `module(input)`: (…, in_features) → (…, out_features). */
export function callLinear(m: Machine, module: BoundModule, input: Tensor): Tensor {
  if (module.copy !== undefined) return callLinear(m, module.copy, input);
  if (module.tokens !== undefined) return projectTrained(m, module, module.tokens, input);
  const { lora, kernels } = module;
  if (lora !== undefined) return kernels.adaptedLinear(m, { module, lora }, input, runBase);
  return m.call(module.path, [input], () => runBase(m, module, input));
}

/** The frozen layer itself. */
export function runBase(m: Machine, module: BoundModule, input: Tensor): Tensor {
  if (module.quantization?.kind === "4bit") {
    return linear4bit(m, module, module.quantization, input);
  }
  if (module.quantization?.kind === "8bit") return linear8bit(m, module, input);
  if (module.node.layer?.kind === "hf_conv1d") return hfConv1d(m, module, input);
  const { forward } = module.node;
  if (forward?.kind === "linear" && forward.writtenOut === true) {
    return matmul(m, input, t(m, parameterOf(module, "weight")));
  }
  return linear(m, input, parameterOf(module, "weight"), module.parameters.get("bias"));
}

/** transformers' Conv1D: `addmm(bias, x, weight)` with the weight stored (in_features, out_features). */
function hfConv1d(m: Machine, module: BoundModule, input: Tensor): Tensor {
  return m.frame((frame) => {
    const weight = parameterOf(module, "weight");
    const shape = [...input.shape.slice(0, -1), weight.size(1)];
    const rows = frame.hold(reshape(m, input, [-1, input.size(-1)]));
    const right = frame.hold(autocastToHalf(m, weight));
    const left = frame.hold(autocastToHalf(m, rows));
    const offset = frame.hold(autocastToHalf(m, parameterOf(module, "bias")));
    return view(m, addmm(m, offset, left, right), shape);
  });
}
