/**
 * Unsloth's causal language model with its loss: logits of all tokens, or a loss that never holds them.
 *
 * Source: unsloth models/llama.py `_CausalLM_fast_forward`, kernels/cross_entropy_loss.py, unsloth_zoo
 * fused_losses/cross_entropy_loss.py; apple/ml-cross-entropy; accelerate utils/operations.py `convert_to_fp32`.
 */

import { childOf, parameterOf } from "../../load/bound-module.js";
import type { Machine } from "../../machine/machine.js";
import { cast, withAutocast } from "../../machine/ops/cast.js";
import { div, divScalar, pointwise } from "../../machine/ops/elementwise.js";
import { mm } from "../../machine/ops/matmul.js";
import { sumAll } from "../../machine/ops/reduce.js";
import { logSumExp } from "../../machine/ops/rows.js";
import { reshape, slice, t, view } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { LossRun } from "../losses/loss-run.js";
import { causalLm } from "../modules/causal-lm.js";
import { callLinear } from "../modules/linear.js";
import { fusedChunks } from "./fused-chunks.js";
import { fastDecoder } from "./model.js";
import type { UnslothRun } from "./run.js";

/** Up to so many tokens some releases make logits where they have another loss for more. */
const SHORT_TOKENS = 1024;
/** Entries of a vocabulary that one kernel of the cross entropy takes. */
const LARGEST_VOCABULARY = 65_536;

export function unslothLoss(m: Machine, run: UnslothRun, given: LossRun): readonly Tensor[] {
  const { model, batch, options, autocast, convertsOutputs } = given;
  const names = causalLm(model);
  const [rows = 1, length = 1] = batch.inputIds.shape;
  const kind = lossOf(run, rows * length);
  return m.frame<readonly Tensor[]>((frame) => {
    const made = withAutocast(m, autocast, () =>
      m.call<readonly Tensor[]>(model.path, [], (inner) => {
        const decoder = childOf(model, names.decoder);
        const hidden = inner.hold(fastDecoder({ m, run }, decoder, batch.inputIds, options));
        const head = childOf(model, names.head);
        const weight = parameterOf(head.copy ?? head, "weight");
        return m.withKind("logits", () => {
          if (kind === "cut") return [cutLoss(m, hidden, batch.labels)];
          if (kind === "fused")
            return [fusedLoss(m, run, { hidden, weight, labels: batch.labels })];
          const logits = inner.hold(callLinear(m, head, cast(m, hidden, weight.dtype)));
          return [fullLoss(m, run, logits, batch.labels), logits];
        });
      }),
    );
    const [loss, logits] = made;
    for (const each of made) frame.hold(each);
    if (loss === undefined) throw new Error("no loss");
    if (logits === undefined) return [loss, loss];
    const converted = m.withKind("logits", () =>
      convertsOutputs ? cast(m, logits, "float32") : logits,
    );
    return [loss, loss, converted];
  });
}

function lossOf({ use: { rules } }: UnslothRun, tokens: number): "full" | "cut" | "fused" {
  return tokens <= SHORT_TOKENS && rules.makesShortLogits ? "full" : rules.loss;
}

/** The sum over the tokens that count: kept are the logits, which backward overwrites, and a number per token. */
function fullLoss(
  m: Machine,
  { use: { rules } }: UnslothRun,
  logits: Tensor,
  labels: Tensor,
): Tensor {
  return m.frame((frame) => {
    const shifted = frame.hold(shiftedLabels(m, rules.loss === "full", labels));
    const flat = view(m, logits, [-1, logits.size(-1)]);
    const losses = frame.hold(fastCrossEntropy(m, flat, frame.hold(view(m, shifted, [-1]))));
    const total = sumAll(m, losses);
    const counted = pointwise(m, "ne", [m.alias(shifted)], "bool");
    const count = m.empty("count_nonzero", [], "int64");
    m.consume(counted);
    return div(m, total, count);
  });
}

function shiftedLabels(m: Machine, isStacked: boolean, labels: Tensor): Tensor {
  if (!isStacked) return m.empty("empty_like", labels.shape, labels.dtype);
  const last = m.empty("full", [labels.size(0), 1], labels.dtype);
  const joined = m.empty("cat", labels.shape, labels.dtype);
  m.consume(last);
  return joined;
}

/** Logits (n, vocabulary) → losses (n,). */
function fastCrossEntropy(m: Machine, logits: Tensor, labels: Tensor): Tensor {
  const node = m.track("Fast_CrossEntropyLoss", [logits]);
  const [rows = 1, vocabulary = 1] = logits.shape;
  const losses = m.withoutGrad(() =>
    m.frame((frame) => {
      const made = frame.hold(m.empty("empty", [rows], "float32"));
      let sums: Tensor;
      if (vocabulary <= LARGEST_VOCABULARY) sums = frame.hold(m.empty("empty", [rows], "float32"));
      else {
        const parts = [rows, Math.ceil(vocabulary / LARGEST_VOCABULARY)];
        const each = frame.hold(m.empty("empty", parts, "float32"));
        sums = frame.rebind(each, logSumExp(m, each));
        m.consume(m.empty("eq", [rows], "bool"));
      }
      if (node !== undefined) for (const each of [logits, sums, labels]) m.save(node, each);
      return made;
    }),
  );
  if (node !== undefined) {
    node.backward = (_, [kept]) => [kept === undefined ? undefined : m.alias(kept)];
  }
  m.finish(node, [losses], [logits]);
  return losses;
}

/** Logits exist inside the kernels alone; backward makes the gradient of the hidden states. */
function cutLoss(m: Machine, hidden: Tensor, labels: Tensor): Tensor {
  return m.frame((frame) => {
    const length = hidden.size(1) - 1;
    const rows = frame.hold(reshape(m, slice(m, hidden, 1, [0, length]), [-1, hidden.size(-1)]));
    const targets = frame.hold(reshape(m, slice(m, m.alias(labels), 1, [1, length + 1]), [-1]));
    const node = m.track("LinearCrossEntropyFunction", [rows]);
    const losses = m.empty("empty", [rows.size(0)], "float32");
    const sums = m.empty("empty", [rows.size(0)], "float32");
    if (node !== undefined) {
      for (const each of [rows, sums, targets]) m.save(node, each);
      const { shape, dtype } = rows;
      node.backward = () => [m.empty("zeros_like", shape, dtype)];
    }
    m.consume(sums);
    m.finish(node, [losses], []);
    return divScalar(m, sumAll(m, losses));
  });
}

interface FusedInputs {
  readonly hidden: Tensor;
  readonly weight: Tensor;
  readonly labels: Tensor;
}

/** Chunk by chunk the gradients of the hidden states and of a trained head are made in the forward; they are all that is kept. */
function fusedLoss(m: Machine, run: UnslothRun, { hidden, weight, labels }: FusedInputs): Tensor {
  const shifted = m.empty("empty_like", labels.shape, labels.dtype);
  const node = m.track("UnslothFusedLoss", [hidden, weight]);
  const [batch = 1, length = 1, features = 1] = hidden.shape;
  const total = batch * length;
  const chunks = fusedChunks(run, { tokens: total, vocabulary: weight.size(0) });
  const size = Math.ceil(total / chunks);
  const loss = m.withoutGrad(() =>
    m.frame((frame) => {
      const gradient = frame.hold(m.empty("empty_like", hidden.shape, hidden.dtype));
      const ofWeight = weight.requiresGrad
        ? frame.hold(m.empty("zeros_like", weight.shape, weight.dtype))
        : undefined;
      const sum = frame.hold(m.empty("zeros", [1], "float32"));
      for (let start = 0; start < total; start += size) {
        const part = m.alias(hidden, [Math.min(size, total - start), features], [features, 1]);
        chunkOf(m, part, weight);
      }
      if (node !== undefined) m.save(node, gradient);
      if (node !== undefined && ofWeight !== undefined) m.save(node, ofWeight);
      return m.alias(sum, [], []);
    }),
  );
  if (node !== undefined) {
    node.backward = (_, kept) =>
      run.use.rules.scalesLossGradients
        ? scaledGradients(m, kept)
        : kept.map((each) => m.alias(each));
  }
  m.consume(shifted);
  m.finish(node, [loss], []);
  return loss;
}

/** Into new tensors, by the gradient of the loss over the scale of fp16. */
function scaledGradients(m: Machine, gradients: readonly Tensor[]): readonly Tensor[] {
  return m.frame((frame) => {
    frame.hold(m.empty("mean", [], "float32"));
    frame.hold(m.empty("div", [], "float32"));
    return gradients.map(({ shape, dtype }) => frame.hold(m.empty("mul", shape, dtype)));
  });
}

/**
 * Logits and their gradient, then those of the rows and of a trained head, which autocast makes 16-bit for every chunk.
 * What Inductor keeps of a chunk beside these is not known exactly.
 */
function chunkOf(m: Machine, given: Tensor, weight: Tensor): void {
  m.frame((frame) => {
    const rows = frame.hold(given);
    const isWide = weight.dtype !== rows.dtype;
    const head = frame.hold(
      isWide ? m.empty("empty_like", weight.shape, rows.dtype) : m.alias(weight),
    );
    const logits = frame.hold(mm(m, rows, t(m, head)));
    const sums = frame.hold(m.empty("empty", [rows.size(0)], "float32"));
    const gradient = frame.hold(m.empty("empty_like", logits.shape, logits.dtype));
    for (const each of [logits, sums]) frame.drop(each);
    const ofRows = frame.hold(mm(m, gradient, head));
    frame.drop(head);
    if (weight.requiresGrad) frame.hold(mm(m, t(m, gradient), rows));
    for (const each of [gradient, ofRows]) frame.drop(each);
    return [];
  });
}
