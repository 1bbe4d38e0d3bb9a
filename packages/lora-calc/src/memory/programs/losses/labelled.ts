/**
 * The model's own loss as ms-swift asks for it: logits of the tokens that predict a label alone, and the accuracy of all of them.
 * Every token but the first has a label, as its templates write them.
 *
 * Source: ms-swift 4.6 trainers/mixin.py `prepare_logits_to_keep`, `_compute_acc`, trainers/seq2seq_trainer.py `compute_loss`,
 * template/base.py `compute_sft_loss`.
 */

import type { Machine } from "../../machine/machine.js";
import { mul } from "../../machine/ops/elementwise.js";
import { selectAlong } from "../../machine/ops/masked.js";
import type { Tensor } from "../../machine/tensor.js";
import { modelLoss } from "./hf.js";
import type { LossRun } from "./loss-run.js";

export function labelledLoss(m: Machine, run: LossRun): readonly Tensor[] {
  const { labels } = run.batch;
  const [rows = 1, length = 1] = labels.shape;
  return m.frame((frame) => {
    frame.hold(m.empty("zeros", [], "int64"));
    if (rows > 1) firstLabels(m, labels);
    const kept = rows > 1 ? undefined : keptOf(m, length);
    if (kept !== undefined) for (const each of kept) frame.hold(each);
    const [shorter, mask] = kept ?? [];
    const batch = { ...run.batch, labels: shorter ?? labels };
    const [loss, , logits] = modelLoss(m, { ...run, batch }, (hidden) =>
      mask === undefined ? hidden : selectAlong(m, hidden, mask, length),
    );
    if (loss === undefined || logits === undefined) throw new Error("the model gave no loss");
    const [first, all] = [frame.hold(loss), frame.hold(logits)];
    const share = frame.rebind(first, mul(m, first, shareOf(m, rows, length)));
    const scaled = frame.rebind(share, timesCards(m, share));
    m.consume(m.empty("argmax", [rows, length], "int64"));
    return [scaled, scaled, all];
  });
}

/** How many tokens before the first label no row needs: a number on the host. */
function firstLabels(m: Machine, { shape }: Tensor): void {
  const isLabelled = m.empty("ne", shape, "bool");
  const numbers = m.empty("_to_copy", shape, "int32");
  m.consume(isLabelled);
  const places = m.empty("argmax", shape.slice(0, 1), "int64");
  m.consume(numbers);
  const least = m.empty("min", [], "int64");
  for (const each of [places, least]) m.consume(each);
}

/** Labels of one row without those that nothing predicts, and which tokens predict. */
function keptOf(m: Machine, length: number): readonly [Tensor, Tensor] {
  const isLabelled = m.empty("ne", [1, length], "bool");
  const places = m.empty("nonzero", [length - 1, 1], "int64");
  const chosen = m.empty("index", [1, length - 1], "int64");
  m.consume(places);
  const labels = m.empty("constant_pad_nd", [1, length], "int64");
  m.consume(chosen);
  const mask = m.empty("constant_pad_nd", [length], "bool");
  m.consume(isLabelled);
  return [labels, mask];
}

/** `loss *= num_processes`, where the loss lies. */
function timesCards(m: Machine, loss: Tensor): Tensor {
  const node = m.track("MulBackward0", [loss]);
  const output = m.alias(loss);
  if (node !== undefined) {
    node.backward = (gradient) => [m.empty("mul", gradient.shape, gradient.dtype)];
  }
  m.finish(node, [output], [loss]);
  return output;
}

/** Of all labels of a step those of this micro-batch. */
function shareOf(m: Machine, rows: number, length: number): Tensor {
  const isLabelled = m.empty("ne", [rows, length - 1], "bool");
  const count = m.empty("sum", [], "int64");
  m.consume(isLabelled);
  const share = m.empty("div", [], "float32");
  m.consume(count);
  return share;
}
