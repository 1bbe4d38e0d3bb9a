/**
 * TRL's `nll`: the model's own loss, then entropy and accuracy on the logits of all positions.
 *
 * Source: trl trainer/sft_trainer.py `compute_loss`, trainer/utils.py `entropy_from_logits`.
 */

import type { Machine } from "../../machine/machine.js";
import { pointwise } from "../../machine/ops/elementwise.js";
import { slice } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { entropies } from "./entropy.js";
import { hfLoss } from "./hf.js";
import type { LossRun } from "./loss-run.js";

export function nllLoss(m: Machine, run: LossRun): readonly Tensor[] {
  return m.frame((frame) => {
    const [loss, , logits] = hfLoss(m, run);
    if (loss === undefined || logits === undefined) throw new Error("the model gave no logits");
    frame.hold(loss);
    frame.hold(logits);
    m.withKind("logits", () => m.withoutGrad(() => statistics(m, logits, run.batch.labels)));
    return [loss, loss, logits];
  });
}

/** Entropy of every position, and whether the best token is the label. */
function statistics(m: Machine, logits: Tensor, labels: Tensor): void {
  const length = logits.size(1) - 1;
  const done = m.frame((frame) => {
    const shifted = frame.hold(slice(m, m.alias(logits), 1, [0, length]));
    const targets = frame.hold(slice(m, m.alias(labels), 1, [1, length + 1]));
    frame.hold(entropies(m, shifted));
    const best = m.empty("argmax", [shifted.size(0), length], "int64");
    const equal = pointwise(m, "eq", [best, targets], "bool");
    const valid = pointwise(m, "ne", [targets], "bool");
    return pointwise(m, "bitwise_and", [equal, valid], "bool");
  });
  m.consume(done);
}
