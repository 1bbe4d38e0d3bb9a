/** Losses over labels. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { autocastToFloat, promote } from "./cast.js";
import { logSoftmax, nllLoss } from "./likelihood.js";

/** `F.cross_entropy(logits, labels)`: autocast runs it in fp32. */
export function crossEntropy(m: Machine, logits: Tensor, labels: Tensor): Tensor {
  return m.frame((frame) => {
    const wide = frame.hold(autocastToFloat(m, logits));
    return nllLoss(m, logSoftmax(m, wide), labels);
  });
}

/** `F.mse_loss(input, target)`: a scalar in the wider of both dtypes; autocast runs it in fp32. */
export function mseLoss(m: Machine, given: Tensor, target: Tensor): Tensor {
  const input = autocastToFloat(m, given);
  const node = m.track("MseLossBackward0", [input]);
  const dtype = promote(input.dtype, target.dtype);
  if (node !== undefined) {
    for (const tensor of [input, target]) m.save(node, tensor);
    const { shape } = input;
    node.backward = () => [m.empty("mse_loss_backward", shape, dtype)];
  }
  const output = m.empty("mse_loss", [], dtype);
  m.finish(node, [output], [input]);
  return output;
}
