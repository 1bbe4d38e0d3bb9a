/**
 * Liger's fused linear cross entropy: the head runs on a chunk of rows at a time, and the gradient of the hidden state is
 * made right there, in forward.
 *
 * Liger's norms, rotary embeddings and MLPs (the rest of `use_liger_kernel`) stand in kernels/. The statistics are those
 * that TRL asks for: transformers' own Trainer lacks the accuracy, 4 bytes a token.
 * Source: Liger-Kernel 0.8.2 ops/fused_linear_cross_entropy.py, transformers/model/loss_utils.py.
 */

import type { Frame } from "../../machine/frame.js";
import { inside } from "../../machine/inside.js";
import type { Machine } from "../../machine/machine.js";
import { add, divScalar, pointwise } from "../../machine/ops/elementwise.js";
import { cast } from "../../machine/ops/cast.js";
import { matmul } from "../../machine/ops/matmul.js";
import { sumAll } from "../../machine/ops/reduce.js";
import { contiguous, slice, t, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { fusedLoss } from "./fused-head.js";
import type { FusedHead, FusedSums } from "./fused-head.js";
import type { LossRun } from "./loss-run.js";
import { missing } from "../../../problem/missing.js";

export function ligerLoss(m: Machine, run: LossRun): readonly Tensor[] {
  return fusedLoss(m, run, (frame, head) => {
    const padded = frame.hold(paddedLabels(m, run.batch.labels));
    const shifted = contiguous(m, slice(m, m.alias(padded), 1, [1, padded.size(1)]));
    const labels = frame.hold(view(m, shifted, [-1]));
    const rows = frame.hold(view(m, head.hidden, [-1, head.hidden.size(-1)]));
    return fusedLinearCrossEntropy(m, { ...head, rows, labels });
  });
}

/** `pad(labels, (0, 1))`. */
function paddedLabels(m: Machine, labels: Tensor): Tensor {
  const [rows = 1, length = 1] = labels.shape;
  return m.empty("constant_pad_nd", [rows, length + 1], labels.dtype);
}

interface FusedInputs extends Omit<FusedHead, "hidden"> {
  /** (tokens, hidden_size). */
  readonly rows: Tensor;
  readonly labels: Tensor;
}

/** One autograd node: it keeps the gradients that its forward made. */
function fusedLinearCrossEntropy(m: Machine, inputs: FusedInputs): FusedSums {
  const { rows, weight, bias } = inputs;
  const node = m.track("LigerFusedLinearCrossEntropyFunctionBackward", [rows, weight, bias]);
  const [loss, accuracy] = m.withoutGrad(() =>
    m.frame<readonly [Tensor, Tensor]>((frame) => {
      const zeros = (like: Tensor | undefined): Tensor | undefined =>
        like?.requiresGrad === true
          ? frame.hold(m.empty("zeros_like", like.shape, like.dtype))
          : undefined;
      const ofRows = frame.hold(m.empty("zeros_like", rows.shape, rows.dtype));
      const [ofWeight, ofBias] = [zeros(weight), zeros(bias)];
      const losses = frame.hold(m.empty("zeros", [rows.size(0)], "float32"));
      const correct = frame.hold(m.empty("zeros", [rows.size(0)], "float32"));
      const mask = frame.hold(pointwise(m, "ne", [inputs.labels], "bool"));
      m.consume(sumAll(m, mask));
      runChunks(m, frame, inputs);
      if (node !== undefined) {
        for (const gradient of [ofRows, ofWeight, ofBias]) {
          if (gradient !== undefined) m.save(node, gradient);
        }
        node.backward = (_, saved) => gradientsOf(m, inputs, saved);
      }
      return [frame.hold(sumAll(m, losses)), divScalar(m, sumAll(m, correct))];
    }),
  );
  m.finish(node, [loss], [rows]);
  return [loss, accuracy];
}

/** They are multiplied in place by the gradient of the loss, unless that is 1. */
function gradientsOf(
  m: Machine,
  { weight, bias }: FusedInputs,
  saved: readonly Tensor[],
): readonly (Tensor | undefined)[] {
  // The gradient of the accuracy, which nobody asks for, and the 1 to compare with.
  inside(m, [
    ["zeros", [], "float32"],
    ["empty", [], "float32"],
  ]);
  const [ofRows, ...others] = saved.map((tensor) => m.alias(tensor));
  const ofWeight = weight.requiresGrad ? others.shift() : undefined;
  return [ofRows, ofWeight, bias?.requiresGrad === true ? others.shift() : undefined];
}

/** Python's variables keep the logits of a chunk until those of the next one exist, and the last ones to the end. */
function runChunks(m: Machine, frame: Frame, { rows, weight, bias }: FusedInputs): void {
  const count = rows.size(0);
  const size = chunkRows(count, weight.size(0), rows.size(1));
  const sizes = Array.from({ length: Math.ceil(count / size) }, (_, chunk) =>
    Math.min(size, count - chunk * size),
  );
  let previous: Tensor | undefined;
  const loop = m.loop("chunks", sizes);
  loop.indices.forEach((chunk, position) => {
    m.enterSection(loop, position);
    const start = chunk * size;
    const part = (): Tensor =>
      slice(m, m.alias(rows), 0, [start, start + (sizes[chunk] ?? missing())]);
    let logits = frame.hold(matmul(m, part(), t(m, m.alias(weight))));
    if (bias !== undefined) logits = frame.rebind(logits, add(m, logits, bias));
    // The kernel turns the logits into their gradient, in place.
    const before = previous;
    previous = logits;
    if (!weight.requiresGrad && before !== undefined) frame.drop(before);
    m.consume(matmul(m, m.alias(logits), m.alias(weight)));
    // Their transpose is kept a little longer.
    if (weight.requiresGrad && before !== undefined) frame.drop(before);
    if (weight.requiresGrad) addToWeight(m, weight, logits, part());
    if (bias?.requiresGrad === true) m.consume(m.empty("sum", bias.shape, logits.dtype));
  });
  m.leaveSection();
}

/**
 * A float32 gradient is added to in place (read: compute capability 8 and later: `addmm` with `out_dtype`); any other through
 * two tensors of its size.
 */
function addToWeight(m: Machine, weight: Tensor, logits: Tensor, rows: Tensor): void {
  if (weight.dtype === "float32" && logits.dtype !== "float32") {
    m.consume(cast(m, rows, logits.dtype));
    return;
  }
  m.consume(cast(m, matmul(m, t(m, m.alias(logits)), rows), "float32"));
}

/** As many rows as keep the logits about as large as the hidden state. */
export function chunkRows(tokens: number, vocabulary: number, hiddenSize: number): number {
  const chunks = Math.ceil(vocabulary / hiddenSize);
  return 2 ** Math.ceil(Math.log2(Math.ceil(tokens / chunks)));
}
