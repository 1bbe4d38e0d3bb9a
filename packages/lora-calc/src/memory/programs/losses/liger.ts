/**
 * Liger's fused linear cross entropy: the head runs on a chunk of rows at a time, and the gradient of the hidden state is
 * made right there, in forward.
 *
 * Only this kernel: Liger's norms, rotary embeddings and MLPs (the rest of `use_liger_kernel`) are not computed.
 * Source: Liger-Kernel 0.8.2 ops/fused_linear_cross_entropy.py, transformers/model/loss_utils.py. Read, not traced.
 */

import type { Frame } from "../../machine/frame.js";
import type { Machine } from "../../machine/machine.js";
import { add, pointwise } from "../../machine/ops/elementwise.js";
import { cast } from "../../machine/ops/cast.js";
import { matmul } from "../../machine/ops/matmul.js";
import { sumAll } from "../../machine/ops/reduce.js";
import { contiguous, slice, t, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import { fusedLoss } from "./fused-head.js";
import type { FusedHead } from "./fused-head.js";
import type { LossRun } from "./loss-run.js";
import { missing } from "../../../problem/missing.js";

export function ligerLoss(m: Machine, run: LossRun): readonly Tensor[] {
  return fusedLoss(m, run, (frame, head) => {
    const labels = frame.hold(shiftedLabels(m, run.batch.labels));
    const rows = frame.hold(view(m, head.hidden, [-1, head.hidden.size(-1)]));
    return fusedLinearCrossEntropy(m, { ...head, rows, labels });
  });
}

/** `pad(labels, (0, 1))[..., 1:].contiguous().view(-1)`. */
function shiftedLabels(m: Machine, labels: Tensor): Tensor {
  const [rows = 1, length = 1] = labels.shape;
  const padded = m.empty("constant_pad_nd", [rows, length + 1], labels.dtype);
  return view(m, contiguous(m, slice(m, padded, 1, [1, length + 1])), [-1]);
}

interface FusedInputs extends Omit<FusedHead, "hidden"> {
  /** (tokens, hidden_size). */
  readonly rows: Tensor;
  readonly labels: Tensor;
}

/** One autograd node: it keeps the gradients that its forward made. */
function fusedLinearCrossEntropy(m: Machine, inputs: FusedInputs): Tensor {
  const { rows, weight, bias } = inputs;
  const node = m.track("LigerFusedLinearCrossEntropyFunctionBackward", [rows, weight, bias]);
  const loss = m.withoutGrad(() =>
    m.frame((frame) => {
      const zeros = (like: Tensor | undefined): Tensor | undefined =>
        like?.requiresGrad === true
          ? frame.hold(m.empty("zeros_like", like.shape, like.dtype))
          : undefined;
      const ofRows = frame.hold(m.empty("zeros_like", rows.shape, rows.dtype));
      const [ofWeight, ofBias] = [zeros(weight), zeros(bias)];
      const losses = frame.hold(m.empty("zeros", [rows.size(0)], "float32"));
      const mask = frame.hold(pointwise(m, "ne", [inputs.labels], "bool"));
      m.consume(sumAll(m, mask));
      runChunks(m, frame, inputs);
      if (node !== undefined) {
        for (const gradient of [ofRows, ofWeight, ofBias]) {
          if (gradient !== undefined) m.save(node, gradient);
        }
        node.backward = (_, saved) => gradientsOf(m, inputs, saved);
      }
      return sumAll(m, losses);
    }),
  );
  m.finish(node, [loss], [rows]);
  return loss;
}

/** They are multiplied in place by the gradient of the loss, unless that is 1. */
function gradientsOf(
  m: Machine,
  { weight, bias }: FusedInputs,
  saved: readonly Tensor[],
): readonly (Tensor | undefined)[] {
  m.consume(m.empty("tensor", [], "float32"));
  const [ofRows, ...others] = saved.map((tensor) => m.alias(tensor));
  const ofWeight = weight.requiresGrad ? others.shift() : undefined;
  return [ofRows, ofWeight, bias?.requiresGrad === true ? others.shift() : undefined];
}

/** Python's variables keep the logits of a chunk until those of the next one exist. */
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
    if (previous !== undefined) frame.drop(previous);
    previous = logits;
    m.consume(matmul(m, m.alias(logits), m.alias(weight)));
    if (weight.requiresGrad) addToWeight(m, weight, logits, part());
    if (bias?.requiresGrad === true) m.consume(m.empty("sum", bias.shape, logits.dtype));
  });
  m.leaveSection();
  if (previous !== undefined) frame.drop(previous);
}

/**
 * A float32 gradient is added to in place (compute capability 8 and later: `addmm` with `out_dtype`); any other through
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
