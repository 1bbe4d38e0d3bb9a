/** Head, softmax and statistics of one chunk of rows. */

import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { tanh } from "../../machine/ops/activations.js";
import { add, divScalar, mul, mulScalar, neg, pointwise } from "../../machine/ops/elementwise.js";
import { exp, logSoftmax, nllLoss } from "../../machine/ops/likelihood.js";
import { matmul } from "../../machine/ops/matmul.js";
import { sumAll, sumLastDim } from "../../machine/ops/reduce.js";
import { t } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { childOf, parameterOf } from "../../load/bound-module.js";
import { causalLm } from "../modules/causal-lm.js";
import type { BoundModule } from "../../load/bound-module.js";

/** Loss, correct tokens and entropy of rows (n, hidden_size) with labels (n,). */
export function chunkLoss(
  m: Machine,
  model: BoundModule,
  [rows, labels]: readonly Tensor[],
): readonly Tensor[] {
  if (rows === undefined || labels === undefined) throw new Error("a chunk needs rows and labels");
  return m.frame((frame) => {
    const logits = frame.hold(chunkLogits(m, model, rows));
    const logProbabilities = frame.hold(logSoftmax(m, logits));
    const loss = frame.hold(nllLoss(m, logProbabilities, labels));
    const valid = frame.hold(pointwise(m, "ne", [labels], "bool"));
    const correct = frame.hold(correctCount(m, logits, labels, valid));
    const weighted = mul(m, exp(m, logProbabilities), logProbabilities);
    const entropy = sumAll(m, mul(m, neg(m, sumLastDim(m, weighted)), valid));
    return [loss, correct, entropy];
  });
}

/** `(rows @ weight.T).float()`, with the model's scale and tanh cap. */
function chunkLogits(m: Machine, model: BoundModule, rows: Tensor): Tensor {
  const forward = causalLm(model);
  const head = childOf(model, forward.head);
  const weight = parameterOf(head.copy ?? head, "weight");
  const bias = (head.copy ?? head).parameters.get("bias");
  return m.frame((frame) => {
    const product = matmul(m, rows, t(m, cast(m, weight, rows.dtype)));
    let logits = frame.hold(cast(m, product, "float32"));
    if (bias !== undefined) {
      logits = frame.rebind(logits, add(m, logits, cast(m, bias, "float32")));
    }
    if (forward.multipliedLogits === "by_logit_scale")
      logits = frame.rebind(logits, mulScalar(m, logits));
    if (forward.softcap === true || forward.capsChunks === true) {
      logits = frame.rebind(logits, mulScalar(m, tanh(m, divScalar(m, logits))));
    }
    return logits;
  });
}

/** `((logits.argmax(-1) == labels) & valid).sum().float()`. */
function correctCount(m: Machine, logits: Tensor, labels: Tensor, valid: Tensor): Tensor {
  const best = m.empty("argmax", [logits.size(0)], "int64");
  const equal = pointwise(m, "eq", [best, labels], "bool");
  const counted = sumAll(m, pointwise(m, "bitwise_and", [equal, valid], "bool"));
  return cast(m, counted, "float32");
}
