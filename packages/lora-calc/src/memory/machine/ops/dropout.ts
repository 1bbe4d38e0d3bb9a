/** Dropout with a one-byte mask per element, as the CUDA kernel keeps it. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { elementwiseOutput } from "./elementwise.js";

/** `F.dropout(input, p, training=True)`: the input itself when p is 0. */
export function dropout(m: Machine, input: Tensor, probability: number): Tensor {
  if (probability === 0) return input;
  const node = m.track("NativeDropoutBackward0", [input]);
  const output = elementwiseOutput(m, "native_dropout", [input], input.dtype);
  const mask = elementwiseOutput(m, "native_dropout", [input], "bool");
  if (node !== undefined) {
    m.saveOutput(node, mask);
    node.backward = (gradient) => [
      elementwiseOutput(m, "native_dropout_backward", [gradient], gradient.dtype),
    ];
  }
  m.consume(mask);
  m.finish(node, [output], [input]);
  return output;
}
