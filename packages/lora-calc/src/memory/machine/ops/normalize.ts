/** Fused layer normalisation, and lengths of vectors. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { clamp } from "./activations.js";
import { autocastToFloat } from "./cast.js";
import { div, mul } from "./elementwise.js";
import { expand } from "./views.js";

/** `F.layer_norm(input, shape, weight, bias)`: keeps the input and one mean and one rstd per row. */
export function layerNorm(m: Machine, given: Tensor, weight?: Tensor, bias?: Tensor): Tensor {
  return m.frame((frame) => {
    const input = frame.hold(autocastToFloat(m, given));
    const scale = weight === undefined ? undefined : frame.hold(autocastToFloat(m, weight));
    const offset = bias === undefined ? undefined : frame.hold(autocastToFloat(m, bias));
    const node = m.track("NativeLayerNormBackward0", [input, scale, offset]);
    const wanted = [input, scale, offset].map((tensor) => tensor?.requiresGrad === true);
    if (node !== undefined) {
      for (const tensor of [input, scale, offset]) if (tensor !== undefined) m.save(node, tensor);
    }
    const rows = [...input.shape.slice(0, -1), 1];
    const output = m.empty("native_layer_norm", input.shape, input.dtype);
    const mean = m.empty("native_layer_norm", rows, "float32");
    const rstd = m.empty("native_layer_norm", rows, "float32");
    if (node !== undefined) {
      m.saveOutput(node, mean);
      m.saveOutput(node, rstd);
      const shapes = [input, scale, offset].map((tensor) => tensor?.shape ?? []);
      node.backward = (gradient) =>
        shapes.map((shape, index) =>
          wanted[index] === true
            ? m.empty("native_layer_norm_backward", shape, gradient.dtype)
            : undefined,
        );
    }
    m.consume(mean);
    m.consume(rstd);
    m.finish(node, [output], []);
    return output;
  });
}

/** `F.normalize(input, dim=-1)`: divided by its length, which autocast has in fp32; what is divided keeps its dtype. */
export function unitLength(m: Machine, input: Tensor): Tensor {
  return m.frame((frame) => {
    frame.hold(input);
    const length = clamp(m, vectorNorm(m, input), ["ge"], "clamp_min");
    return div(m, input, expand(m, length, input.shape));
  });
}

/**
 * `torch.linalg.vector_norm(input, dim=-1, keepdim=True)`: keeps input and length.
 *
 * Source: aten/src/ATen/autocast_mode.h `AT_FORALL_FP32_SET_OPT_DTYPE`, which casts no input; FunctionsManual.cpp
 * `linalg_vector_norm_backward`.
 */
function vectorNorm(m: Machine, input: Tensor): Tensor {
  const node = m.track("LinalgVectorNormBackward0", [input]);
  if (node !== undefined) m.save(node, input);
  const dtype = m.autocast.dtype === input.dtype ? "float32" : input.dtype;
  const output = m.empty("linalg_vector_norm", [...input.shape.slice(0, -1), 1], dtype);
  if (node !== undefined) {
    m.saveOutput(node, output);
    node.backward = (gradient, [self, length]) => {
      if (self === undefined || length === undefined) throw new Error("vector_norm saved nothing");
      return [
        m.frame((frame) => {
          const ratio = frame.hold(div(m, self, length));
          frame.hold(m.empty("eq", length.shape, "bool"));
          return mul(m, gradient, ratio);
        }),
      ];
    };
  }
  m.finish(node, [output], [input]);
  return output;
}
