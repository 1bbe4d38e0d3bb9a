/** Log-probabilities and their loss. */

import type { Machine } from "../machine.js";
import type { Tensor } from "../tensor.js";
import { autocastToFloat } from "./cast.js";

/** `F.log_softmax(logits, dim=-1)`: keeps its result; its gradient is one more tensor of the same size. */
export function logSoftmax(m: Machine, given: Tensor): Tensor {
  const logits = autocastToFloat(m, given);
  const node = m.track("LogSoftmaxBackward0", [logits]);
  const output = m.empty("_log_softmax", logits.shape, logits.dtype);
  if (node !== undefined) {
    m.saveOutput(node, output);
    node.backward = (gradient) => [
      m.empty("_log_softmax_backward_data", gradient.shape, gradient.dtype),
    ];
  }
  m.finish(node, [output], [logits]);
  return output;
}

/** `F.nll_loss(log_probabilities, labels)`: a scalar; its gradient is a full table of the size of the input. */
export function nllLoss(m: Machine, logProbabilities: Tensor, labels: Tensor): Tensor {
  return negativeLikelihood(m, logProbabilities, { labels, shape: [] });
}

/** `F.nll_loss(log_probabilities, labels, reduction="none")`: (n, classes) → (n,). */
export function nllLosses(m: Machine, logProbabilities: Tensor, labels: Tensor): Tensor {
  return negativeLikelihood(m, logProbabilities, { labels, shape: [logProbabilities.size(0)] });
}

interface Labelled {
  readonly labels: Tensor;
  /** Of the result. */
  readonly shape: readonly number[];
}

function negativeLikelihood(m: Machine, given: Tensor, { labels, shape }: Labelled): Tensor {
  const node = m.track("NllLossBackward0", [given]);
  if (node !== undefined) for (const tensor of [given, labels]) m.save(node, tensor);
  const output = m.empty("nll_loss_forward", shape, given.dtype);
  const totalWeight = m.empty("nll_loss_forward", [], given.dtype);
  if (node !== undefined) {
    m.saveOutput(node, totalWeight);
    const { shape: full, dtype } = given;
    node.backward = () => [m.empty("nll_loss_backward", full, dtype)];
  }
  m.consume(totalWeight);
  m.finish(node, [output], [given]);
  return output;
}

/** `torch.exp(input)`: keeps its result. */
export function exp(m: Machine, given: Tensor): Tensor {
  const input = autocastToFloat(m, given);
  const node = m.track("ExpBackward0", [input]);
  const output = m.empty("exp", input.shape, input.dtype);
  if (node !== undefined) {
    m.saveOutput(node, output);
    node.backward = () => {
      throw new Error("the gradient of exp is never asked for");
    };
  }
  m.finish(node, [output], [input]);
  return output;
}

/** `F.logsigmoid(input)`: keeps its input; its buffer is empty on CUDA. */
export function logSigmoid(m: Machine, input: Tensor): Tensor {
  const node = m.track("LogSigmoidBackward0", [input]);
  if (node !== undefined) m.save(node, input);
  const output = m.empty("log_sigmoid_forward", input.shape, input.dtype);
  if (node !== undefined) {
    node.backward = (gradient) => [m.empty("log_sigmoid_backward", gradient.shape, gradient.dtype)];
  }
  m.finish(node, [output], [input]);
  return output;
}
