/** Convolutions whose stride is their kernel, as patches of an image are cut. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { autocastToHalf } from "./cast.js";

/**
 * `F.conv2d(input, weight, bias, stride=kernel)`: (b, channels, height, width) → (b, out, rows, columns). cuDNN's own
 * workspace is not published and left out.
 */
export function patchConvolution(
  m: Machine,
  given: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
): Tensor {
  return m.frame((frame) => {
    const offset = bias === undefined ? undefined : frame.hold(autocastToHalf(m, bias));
    const kernel = frame.hold(autocastToHalf(m, weight));
    const input = frame.hold(autocastToHalf(m, given));
    const parts = [input, kernel, offset];
    const node = m.track("ConvolutionBackward0", parts);
    const wanted = parts.map((part) => part?.requiresGrad === true);
    if (node !== undefined) {
      for (const tensor of [input, kernel]) m.save(node, tensor);
      const shapes = parts.map((part) => part?.shape ?? []);
      node.backward = (gradient) =>
        shapes.map((shape, index) =>
          wanted[index] === true
            ? m.empty("convolution_backward", shape, gradient.dtype)
            : undefined,
        );
    }
    const rows = Math.floor(input.size(2) / kernel.size(2));
    const columns = Math.floor(input.size(3) / kernel.size(3));
    const shape = [input.size(0), kernel.size(0), rows, columns];
    const output = m.empty("convolution", shape, input.dtype);
    m.finish(node, [output], []);
    return output;
  });
}
