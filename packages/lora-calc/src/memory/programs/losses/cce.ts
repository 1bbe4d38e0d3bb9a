/**
 * Cut cross entropy: logits exist only inside the kernels. Kept are one number per token and one per entry of the
 * vocabulary, by which backward leaves out what rounds to nothing.
 *
 * Source: cut-cross-entropy 25.6.4 cce.py, cce_lse_forward.py, cce_backward.py, utils.py `_build_flat_valids`,
 * transformers/utils.py `apply_lce`. Read, not traced.
 */

import type { Dtype } from "../../../units/dtype.js";
import type { Machine } from "../../machine/machine.js";
import { cast } from "../../machine/ops/cast.js";
import { pointwise } from "../../machine/ops/elementwise.js";
import { contiguous, slice, view } from "../../machine/ops/views.js";
import { sumAll } from "../../machine/ops/reduce.js";
import type { Tensor } from "../../machine/tensor.js";
import { reject } from "../../../problem/problem.js";
import { fusedLoss } from "./fused-head.js";
import type { LossRun } from "./loss-run.js";

/** Rows, entries of the vocabulary and features that share a lock of the kernels. */
const LOCKED_ROWS = 128;
const LOCKED_FEATURES = 64;

export function cceLoss(m: Machine, run: LossRun): readonly Tensor[] {
  return fusedLoss(m, run, (frame, { hidden, weight }) => {
    if (m.autocast.dtype === undefined) rejectFullPrecision([hidden, weight]);
    const whole = contiguous(m, hidden);
    const valid = frame.hold(validTokens(m, run.batch.labels));
    const rows = frame.hold(view(m, whole, [-1, hidden.size(-1)]));
    const labels = frame.hold(view(m, m.alias(run.batch.labels), [-1]));
    return [linearCrossEntropy(m, { rows, weight, labels, valid })];
  });
}

function rejectFullPrecision(tensors: readonly Tensor[]): void {
  const wide = tensors.find(({ dtype }) => dtype !== "bfloat16" && dtype !== "float16");
  if (wide === undefined) return;
  reject({
    code: "invalid_value",
    path: "training.loss",
    message: `cce needs a 16-bit hidden state and head, and finds ${wide.dtype}; load the model in bfloat16, or train with bf16 autocast`,
    received: "cce",
  });
}

/** Positions of the tokens that count, shifted by one: `(labels[..., 1:] != -100).nonzero().to(int32)`, flattened. */
function validTokens(m: Machine, labels: Tensor): Tensor {
  const [batch = 1, length = 1] = labels.shape;
  const count = batch * (length - 1);
  const mask = pointwise(m, "ne", [slice(m, m.alias(labels), 1, [1, length])], "bool");
  const places = m.empty("nonzero", [count, 2], "int64");
  m.consume(mask);
  const narrow = m.empty("_to_copy", [count, 2], "int32");
  m.consume(places);
  const flat = m.empty("sum", [count], "int64");
  m.consume(narrow);
  return flat;
}

interface KernelInputs {
  readonly rows: Tensor;
  readonly weight: Tensor;
  readonly labels: Tensor;
  readonly valid: Tensor;
}

function linearCrossEntropy(m: Machine, { rows, weight, labels, valid }: KernelInputs): Tensor {
  const node = m.track("LinearCrossEntropyFunctionBackward", [rows, weight]);
  const count = valid.size(0);
  const [vocabulary = 1] = weight.shape;
  const loss = m.withoutGrad(() =>
    m.frame((frame) => {
      // Under autocast both are copied to its dtype, the whole head too, and the copies are kept.
      const dtype = m.autocast.dtype ?? rows.dtype;
      const [e, c] = [rows, weight].map((tensor) => frame.hold(cast(m, m.alias(tensor), dtype)));
      if (e === undefined || c === undefined) throw new Error("the kernel has two operands");
      const logSumExp = frame.hold(m.empty("new_full", [count], "float32"));
      const locks = m.empty("new_full", [Math.ceil(count / LOCKED_ROWS)], "int32");
      const averages = frame.hold(m.empty("new_full", [vocabulary], "float32"));
      m.consume(locks);
      const losses = frame.hold(m.empty("new_full", [count], "float32"));
      if (node !== undefined) {
        for (const tensor of [e, c, logSumExp, labels, valid, averages]) {
          m.save(node, tensor);
        }
        node.backward = () => m.withoutGrad(() => gradients(m, [rows, weight], count, dtype));
      }
      return sumAll(m, losses);
    }),
  );
  m.finish(node, [loss], [rows]);
  return loss;
}

function gradients(
  m: Machine,
  [rows, weight]: readonly [Tensor, Tensor],
  count: number,
  dtype: Dtype,
): readonly (Tensor | undefined)[] {
  return m.frame((frame) => {
    const [vocabulary = 1, features = 1] = weight.shape;
    const sorted = m.empty("sort", [vocabulary], "float32");
    const order = m.empty("sort", [vocabulary], "int64");
    m.consume(sorted);
    frame.hold(m.empty("_to_copy", [vocabulary], "int32"));
    m.consume(order);
    const locksOf = (size: number): Tensor => {
      const shape = [Math.ceil(size / LOCKED_ROWS), Math.ceil(features / LOCKED_FEATURES)];
      return frame.hold(m.empty("new_zeros", shape, "int32"));
    };
    const ofRows = frame.hold(m.empty("zeros_like", rows.shape, dtype));
    const ofWeight = weight.requiresGrad
      ? frame.hold(m.empty("zeros_like", weight.shape, dtype))
      : undefined;
    locksOf(count);
    if (ofWeight !== undefined) locksOf(vocabulary);
    const all = ofWeight === undefined ? [] : [cast(m, ofWeight, weight.dtype)];
    return [cast(m, ofRows, rows.dtype), ...all];
  });
}
