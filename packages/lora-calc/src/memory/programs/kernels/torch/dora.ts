/**
 * DoRA on a linear module: every step rebuilds B·A and the norm of the merged weight.
 *
 * Source: peft tuners/lora/dora.py `DoraLinearLayer`, tuners/lora/variants.py `DoraLinearVariant`.
 */

import type { Machine } from "../../../machine/machine.js";
import { cast } from "../../../machine/ops/cast.js";
import { dropout } from "../../../machine/ops/dropout.js";
import { add, addScalar, subtract, mul, mulScalar, div } from "../../../machine/ops/elementwise.js";
import { linear } from "../../../machine/ops/matmul.js";
import { t, view } from "../../../machine/ops/views.js";
import type { Tensor } from "../../../machine/tensor.js";
import type { AdaptedLinear, BoundLora, BoundModule } from "../../../load/bound-module.js";
import { parameterOf } from "../../../load/bound-module.js";
import { dequantize4bit } from "../../modules/linear-4bit.js";
import { dequantize8bit } from "../../modules/linear-8bit.js";
import { throughA, throughB } from "./low-rank.js";

/**
 * `result + (m/|W+BA| − 1)·base + m/|W+BA|·BAx·scaling`. With dropout the base product is computed again on the dropped
 * input.
 */
export function addDora(
  m: Machine,
  { module, lora }: AdaptedLinear,
  given: Tensor,
  result: Tensor,
): Tensor {
  return m.frame((frame) => {
    const drops = lora.settings.dropout > 0;
    const x = frame.hold(dropout(m, given, lora.settings.dropout));
    return add(m, result, doraTerm(m, { module, lora }, x, drops ? undefined : result));
  });
}

function doraTerm(
  m: Machine,
  { module, lora }: AdaptedLinear,
  x: Tensor,
  baseResult: Tensor | undefined,
): Tensor {
  const { magnitude } = lora;
  if (magnitude === undefined) throw new Error(`${module.path} has no DoRA magnitude`);
  return m.call(`${module.path}.lora_magnitude_vector.default`, [x], (frame) => {
    const product = frame.hold(lowRankProduct(m, module.path, lora));
    const loraWeight = frame.rebind(product, cast(m, product, x.dtype));
    const stored = frame.hold(floatWeight(m, module));
    const weight = frame.rebind(stored, cast(m, stored, x.dtype));
    const norm = frame.hold(weightNorm(m, weight, loraWeight));
    const scale = frame.hold(view(m, div(m, magnitude, norm), [1, -1]));
    const loraResult = frame.hold(
      throughB(m, module.path, lora, throughA(m, module.path, lora, x)),
    );
    const base =
      baseResult === undefined ? linear(m, x, weight) : withoutBias(m, module, baseResult);
    frame.hold(base);
    const basePart = mul(m, addScalar(m, scale, "sub"), base);
    return add(m, basePart, mulScalar(m, mul(m, scale, loraResult)));
  });
}

/** The base result before its bias was added. */
function withoutBias(m: Machine, module: BoundModule, result: Tensor): Tensor {
  const bias = module.parameters.get("bias");
  return bias === undefined ? result : subtract(m, result, bias);
}

/** `B(A(I))ᵀ`: (out_features, in_features). */
function lowRankProduct(m: Machine, path: string, lora: BoundLora): Tensor {
  return m.frame((frame) => {
    const size = lora.a.size(1);
    const identity = frame.hold(m.empty("eye", [size, size], lora.a.dtype));
    return t(m, throughB(m, path, lora, throughA(m, path, lora, identity)));
  });
}

/** The base weight as numbers: itself, or de-quantized anew. */
function floatWeight(m: Machine, module: BoundModule): Tensor {
  if (module.quantization?.kind === "4bit") return dequantize4bit(m, module, module.quantization);
  if (module.quantization?.kind === "8bit") return dequantize8bit(m, module);
  return parameterOf(module, "weight");
}

/** Row norms of `W + scaling·BA`, without gradient. */
function weightNorm(m: Machine, weight: Tensor, loraWeight: Tensor): Tensor {
  return m.withoutGrad(() =>
    m.frame((frame) => {
      const sum = frame.hold(add(m, weight, mulScalar(m, m.alias(loraWeight))));
      return m.empty("linalg_vector_norm", [sum.size(0)], sum.dtype);
    }),
  );
}
