/** Fused layer normalisation. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { autocastToFloat } from "./cast.js";

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
