/**
 * LitGPT's cross entropy: in training of the logits of 128 positions at a time, whose losses stay apart to the end; in validation whole.
 *
 * Source: litgpt 0.5.13 utils.py `chunked_cross_entropy`, finetune/lora.py `fit`, `validate`.
 */

import { missing } from "../../../problem/missing.js";
import type { Machine } from "../../machine/machine.js";
import { cat, div, pointwise } from "../../machine/ops/elementwise.js";
import { logSoftmax, nllLoss, nllLosses } from "../../machine/ops/likelihood.js";
import { sumAll } from "../../machine/ops/reduce.js";
import { splitInto } from "../../machine/ops/split.js";
import { reshape, slice } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";

/** Positions of a chunk: `lm_head_chunk_size`. */
export const CHUNK = 128;

/** Logits of chunks, (b, 128, vocabulary) each, the last one without its last position; labels (b, s). */
export function chunkedLoss(m: Machine, logits: readonly Tensor[], labels: Tensor): Tensor {
  return m.frame((frame) => {
    const flat = (x: Tensor, shape: readonly number[]): Tensor => frame.hold(reshape(m, x, shape));
    const targets = frame.hold(slice(m, m.alias(labels), 1, [1, labels.size(1)]));
    const rows = logits.map((each) => flat(each, [-1, each.size(-1)]));
    const parts = splitInto(m, targets, 1, CHUNK).map((each) => flat(each, [-1]));
    const losses = rows.map((each, index) =>
      frame.hold(nllLosses(m, logSoftmax(m, each), parts[index] ?? missing())),
    );
    const counted = pointwise(m, "ne", [m.alias(targets)], "bool");
    const count = frame.hold(m.empty("sum", [], "int64"));
    m.consume(counted);
    const total = sumAll(m, cat(m, losses, 0));
    const one = m.empty("ones_like", count.shape, count.dtype);
    const divisor = m.empty("maximum", count.shape, count.dtype);
    m.consume(one);
    return div(m, total, divisor);
  });
}

/** Logits (b, s, vocabulary) without their last position, against labels (b, s) without their first. */
export function wholeLoss(m: Machine, logits: Tensor, labels: Tensor): Tensor {
  return m.frame((frame) => {
    const length = labels.size(1);
    const shifted = frame.hold(slice(m, logits, 1, [0, length - 1]));
    const rows = frame.hold(reshape(m, shifted, [-1, logits.size(-1)]));
    const targets = frame.hold(slice(m, m.alias(labels), 1, [1, length]));
    const flat = frame.hold(reshape(m, targets, [-1]));
    return nllLoss(m, logSoftmax(m, rows), flat);
  });
}
