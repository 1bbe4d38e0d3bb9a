/** Root mean square norms as transformers writes them. */

import type { RmsNormVariant } from "../../../../graph/tree/forward.js";
import { parameterOf } from "../../../load/bound-module.js";
import type { BoundModule } from "../../../load/bound-module.js";
import type { Machine } from "../../../machine/machine.js";
import { cast } from "../../../machine/ops/cast.js";
import { addScalar, mul, pow, rsqrt } from "../../../machine/ops/elementwise.js";
import { meanLastDim } from "../../../machine/ops/reduce.js";
import type { Tensor } from "../../../machine/tensor.js";

export function rmsNorm(m: Machine, module: BoundModule, hidden: Tensor): Tensor {
  const { forward } = module.node;
  if (forward?.kind !== "rms_norm") throw new Error(`${module.path} is no RMS norm`);
  if (forward.variant === "unscaled") return withoutWeight(m, hidden);
  if (forward.variant === "power_in_fp32") {
    return powerInFp32(m, hidden, module.parameters.get("weight"));
  }
  return RMS_NORMS[forward.variant](m, hidden, parameterOf(module, "weight"));
}

type RmsNorm = (m: Machine, hidden: Tensor, weight: Tensor) => Tensor;

/** Each variant keeps an fp32 copy of its input; they differ in which other copies live how long. */
const RMS_NORMS: Readonly<Record<Exclude<RmsNormVariant, "power_in_fp32" | "unscaled">, RmsNorm>> =
  {
    // transformers models/llama/modeling_llama.py LlamaRMSNorm
    scale_after_cast: (m, hidden, weight) =>
      m.frame((frame) => {
        const float = frame.hold(cast(m, hidden, "float32"));
        const variance = frame.hold(meanLastDim(m, pow(m, float)));
        const normed = frame.rebind(float, mul(m, float, rsqrt(m, addScalar(m, variance))));
        return mul(m, weight, cast(m, normed, hidden.dtype));
      }),
    // models/olmo2/modeling_olmo2.py Olmo2RMSNorm
    scale_before_cast: (m, hidden, weight) =>
      m.frame((frame) => {
        const float = frame.hold(cast(m, hidden, "float32"));
        const variance = frame.hold(meanLastDim(m, pow(m, float)));
        const normed = frame.rebind(float, mul(m, float, rsqrt(m, addScalar(m, variance))));
        return cast(m, mul(m, weight, normed), hidden.dtype);
      }),
    // models/helium/modeling_helium.py HeliumRMSNorm
    scale_in_fp32: (m, hidden, weight) =>
      m.frame((frame) => {
        const float = frame.hold(cast(m, hidden, "float32"));
        const variance = frame.hold(meanLastDim(m, pow(m, float)));
        const normed = frame.rebind(float, mul(m, float, rsqrt(m, addScalar(m, variance))));
        return cast(m, mul(m, cast(m, weight, "float32"), normed), hidden.dtype);
      }),
    // models/llama4/modeling_llama4.py Llama4TextRMSNorm
    scaled_last: (m, hidden, weight) =>
      m.frame((frame) => mul(m, frame.hold(withoutWeight(m, hidden)), weight)),
    // models/t5/modeling_t5.py T5LayerNorm
    copied_variance: (m, hidden, weight) =>
      m.frame((frame) => {
        const variance = frame.hold(meanLastDim(m, pow(m, cast(m, hidden, "float32"))));
        let normed = frame.hold(mul(m, hidden, rsqrt(m, addScalar(m, variance))));
        if (weight.dtype !== "float32") {
          normed = frame.rebind(normed, cast(m, normed, weight.dtype));
        }
        return mul(m, weight, normed);
      }),
    // models/gemma/modeling_gemma.py GemmaRMSNorm
    unit_offset: (m, hidden, weight) =>
      m.frame((frame) => {
        const normed = frame.hold(normalize(m, cast(m, hidden, "float32")));
        const scale = addScalar(m, cast(m, weight, "float32"));
        const scaled = frame.rebind(normed, mul(m, normed, scale));
        return cast(m, scaled, hidden.dtype);
      }),
  };

/** Source: transformers models/llama4/modeling_llama4.py `Llama4TextL2Norm`. */
function withoutWeight(m: Machine, hidden: Tensor): Tensor {
  return cast(m, normalize(m, cast(m, hidden, "float32")), hidden.dtype);
}

/** `x * rsqrt(mean(x ** 2) + eps)`. */
function normalize(m: Machine, x: Tensor): Tensor {
  return m.frame((frame) => {
    frame.hold(x);
    return mul(m, x, rsqrt(m, addScalar(m, meanLastDim(m, pow(m, x)))));
  });
}

/** Source: transformers models/gemma4/modeling_gemma4.py `Gemma4RMSNorm`. */
function powerInFp32(m: Machine, hidden: Tensor, weight: Tensor | undefined): Tensor {
  return m.frame((frame) => {
    const float = cast(m, hidden, "float32");
    const normed = m.frame((inner) => {
      inner.hold(float);
      const squared = inner.hold(addScalar(m, meanLastDim(m, pow(m, float))));
      return mul(m, float, pow(m, squared));
    });
    let output = frame.hold(normed);
    if (weight !== undefined) {
      output = frame.rebind(output, mul(m, output, cast(m, weight, "float32")));
    }
    return cast(m, output, hidden.dtype);
  });
}
