/**
 * Log-probability of every label, without a softmax of the whole batch.
 *
 * Source: trl trainer/utils.py `selective_log_softmax`.
 */

import { missing } from "../../../problem/missing.js";
import type { Machine } from "../../machine/machine.js";
import { subtract } from "../../machine/ops/elementwise.js";
import { logSoftmax } from "../../machine/ops/likelihood.js";
import { gatherOne, logSumExp, stack, unbind } from "../../machine/ops/rows.js";
import { unsqueeze, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";

/** Logits (b, n, vocab_size) and labels (b, n) → (b, n). */
export function selectiveLogSoftmax(m: Machine, logits: Tensor, labels: Tensor): Tensor {
  return logits.dtype === "float32"
    ? byLogSumExp(m, logits, labels)
    : byLogSoftmax(m, logits, labels);
}

/** `logits[label] − logsumexp(logits)`, a sequence at a time. */
function byLogSumExp(m: Machine, logits: Tensor, labels: Tensor): Tensor {
  return m.frame((frame) => {
    const selected = frame.hold(gatherOne(m, logits, labels));
    const sums = m.frame((inner) => {
      const values = eachSequence(m, logits, (row) => inner.hold(logSumExp(m, row)));
      return stack(m, values, logits.size(0));
    });
    const total = unsqueeze(m, frame.hold(sums), -1);
    return view(m, subtract(m, selected, total), labels.shape);
  });
}

/** 16 bits are too coarse for that: a softmax for every sequence, kept for backward. */
function byLogSoftmax(m: Machine, logits: Tensor, labels: Tensor): Tensor {
  return m.frame((frame) => {
    let previous: Tensor | undefined;
    const values = eachSequence(m, logits, (row) => {
      const probabilities = frame.hold(logSoftmax(m, row));
      if (previous !== undefined) frame.drop(previous);
      previous = probabilities;
      return frame.hold(gatherOne(m, probabilities, labels));
    });
    return view(m, stack(m, values, logits.size(0)), labels.shape);
  });
}

function eachSequence(
  m: Machine,
  logits: Tensor,
  compute: (row: Tensor) => Tensor,
): readonly Tensor[] {
  const loop = m.loop("rows", new Array<number>(logits.size(0)).fill(0));
  const values = unbind(m, logits, loop.indices).map((row, position) => {
    m.enterSection(loop, position);
    return compute(row);
  });
  m.leaveSection();
  return values.length === 0 ? missing() : values;
}
