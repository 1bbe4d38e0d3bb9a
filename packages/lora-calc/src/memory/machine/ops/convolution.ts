/** Convolutions: over patches of an image, whose stride is their kernel, and over time, channel by channel. */

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
  const sizeAfter = (input: Tensor, kernel: Tensor): readonly number[] => {
    const rows = Math.floor(input.size(2) / kernel.size(2));
    return [rows, Math.floor(input.size(3) / kernel.size(3))];
  };
  return convolution(m, [given, weight, bias], sizeAfter);
}

/**
 * `F.conv1d(input, weight, bias, padding=kernel − 1, groups=channels)`: (b, channels, s) → (b, channels, s + kernel − 1), as
 * PyTorch itself computes it: a copy that a kernel may make of a transposed input is not known and left out.
 */
export function depthwiseConvolution(
  m: Machine,
  input: Tensor,
  weight: Tensor,
  bias?: Tensor,
): Tensor {
  return convolution(m, [input, weight, bias], (from, kernel) => [
    from.size(2) + kernel.size(2) - 1,
  ]);
}

/**
 * `F.conv1d(input, weight, bias, padding=(kernel − 1) / 2)`: (b, channels, s) → (b, out, s). cuDNN's own workspace is not
 * published and left out.
 */
export function convolutionOverTime(
  m: Machine,
  input: Tensor,
  weight: Tensor,
  bias: Tensor,
): Tensor {
  return convolution(m, [input, weight, bias], (from) => [from.size(2)]);
}

/**
 * `F.conv1d(input, weight, groups=g)` with a kernel of one: (b, channels, s) by (out, channels / g, 1) → (b, out, s). cuDNN's own
 * workspace is not published and left out.
 */
export function pointwiseConvolution(m: Machine, input: Tensor, weight: Tensor): Tensor {
  return convolution(m, [input, weight, undefined], (from) => [from.size(2)]);
}

function convolution(
  m: Machine,
  [given, weight, bias]: readonly [Tensor, Tensor, Tensor | undefined],
  sizeAfter: (input: Tensor, kernel: Tensor) => readonly number[],
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
    const shape = [input.size(0), kernel.size(0), ...sizeAfter(input, kernel)];
    const output = m.empty("convolution", shape, input.dtype);
    m.finish(node, [output], []);
    return output;
  });
}
