/**
 * TRL's `nll`: the model's own loss, then entropy and accuracy on the logits of all positions.
 *
 * Source: trl@1.13.0 trainer/sft_trainer.py `compute_loss`, trainer/utils.py `entropy_from_logits`.
 */

import type { Machine } from "../../machine/machine.js";
import { mul, neg, pointwise } from "../../machine/ops/elementwise.js";
import { exp, logSoftmax } from "../../machine/ops/likelihood.js";
import { sumLastDim } from "../../machine/ops/reduce.js";
import { narrow, reshape, slice, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { hfLoss } from "./hf.js";
import type { LossRun } from "./loss-run.js";
import { missing } from "../../../problem/missing.js";

const ENTROPY_ROWS = 128;

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

function entropies(m: Machine, logits: Tensor): Tensor {
  return m.frame((frame) => {
    const flat = frame.hold(reshape(m, logits, [-1, logits.size(-1)]));
    const parts: Tensor[] = [];
    let previous: Tensor | undefined;
    const count = flat.size(0);
    const sizes = Array.from({ length: Math.ceil(count / ENTROPY_ROWS) }, (_, part) =>
      Math.min(ENTROPY_ROWS, count - part * ENTROPY_ROWS),
    );
    const loop = m.loop("entropy", sizes);
    loop.indices.forEach((part, position) => {
      m.enterSection(loop, position);
      const rows = sizes[part] ?? missing();
      const logProbabilities = frame.hold(logSoftmax(m, narrow(m, m.alias(flat), 0, rows)));
      if (previous !== undefined) frame.drop(previous);
      previous = logProbabilities;
      const weighted = mul(m, exp(m, logProbabilities), logProbabilities);
      parts.push(frame.hold(neg(m, sumLastDim(m, weighted))));
    });
    m.leaveSection();
    const joined = m.empty("cat", [flat.size(0)], flat.dtype);
    return view(m, joined, logits.shape.slice(0, -1));
  });
}
