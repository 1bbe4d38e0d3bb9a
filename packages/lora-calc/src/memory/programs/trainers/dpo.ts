/**
 * Direct preference optimization: chosen and rejected sequences in one batch, log-probabilities of the policy and of a
 * reference, a loss of their differences.
 *
 * Source: trl trainer/dpo_trainer.py `_compute_loss` (loss_type sigmoid, reverse KL).
 */

import type { Machine } from "../../machine/machine.js";
import type { Frame } from "../../machine/frame.js";
import { addScalar, mulScalar, neg, pointwise, subtract } from "../../machine/ops/elementwise.js";
import { logSigmoid } from "../../machine/ops/likelihood.js";
import { zeroWhere } from "../../machine/ops/masked.js";
import { meanAll, sumDim } from "../../machine/ops/reduce.js";
import { halves } from "../../machine/ops/rows.js";
import { lastOf, slice } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { TrainingSettings } from "../../settings/training.js";
import type { Batch } from "../modules/batch.js";
import { callCausalLm } from "../modules/causal-lm.js";
import type { ModelRun } from "../modules/causal-lm.js";
import { callFusedHead } from "../losses/fused-nll.js";
import type { Scored } from "../losses/fused-nll.js";
import { countFusedMetrics, countMetrics } from "./dpo-metrics.js";
import { selectiveLogSoftmax } from "./log-probabilities.js";
import type { Trainer } from "./trainer.js";

/** Pairs: (2b, s) each, the chosen first. */
interface DpoBatch extends Batch {
  readonly completionMask: Tensor;
  /** Log-probabilities of the reference (b,), where they were computed before training. */
  readonly reference: readonly Tensor[];
}

export const dpoTrainer: Trainer = (m, settings) => {
  const { per_device_train_batch_size: pairs, max_length: length } = settings;
  const zeros = (shape: readonly number[], dtype: "int64" | "float32"): Tensor =>
    m.retain(m.empty("zeros", shape, dtype));
  const ids = (): Tensor => zeros([2 * pairs, length], "int64");
  const [inputIds, mask, completionMask] = [ids(), ids(), ids()];
  const isPrecomputed = settings.preference?.precompute_ref_log_probs === true;
  const reference = isPrecomputed ? [0, 1].map(() => zeros([pairs], "float32")) : [];
  const isPadded = settings.padding;
  const batch = { inputIds, attentionMask: mask, isPadded, completionMask, reference };
  return {
    tensors: [inputIds, mask, completionMask, ...reference],
    loss: (machine, { policy, reference: other, ...run }) => {
      const options = { ...run.options, checkpointing: "none" as const };
      // Without its adapters the policy still has its own parameters.
      const isOther = other?.parameters !== policy.parameters;
      const compute = settings.fusesHead === true ? fusedDpoLoss : dpoLoss;
      return compute(machine, batch, settings, {
        policy: { ...run, model: policy, batch },
        reference: other && { ...run, model: other, batch, options, isOther },
      });
    },
  };
};

interface Runs {
  readonly policy: ModelRun;
  /** Undefined where the batch brings its log-probabilities. */
  readonly reference: ReferenceRun | undefined;
}

interface ReferenceRun extends ModelRun {
  /** A second model, and not the policy without its adapters. */
  readonly isOther: boolean;
}

/** TRL's function has one frame: its logits live to the end of it. */
function dpoLoss(
  m: Machine,
  batch: DpoBatch,
  settings: TrainingSettings,
  { policy, reference }: Runs,
): readonly Tensor[] {
  return m.frame((frame) => {
    const logits = frame.hold(callCausalLm(m, policy));
    const own = sequenceLogps(m, frame, logits, batch);
    const others =
      reference === undefined
        ? batch.reference
        : sequenceLogps(
            m,
            frame,
            frame.hold(asReference(m, () => callCausalLm(m, reference))),
            batch,
          );
    return m.withKind("logits", () => {
      const { loss, ratios } = sigmoidLoss(m, frame, own, others);
      m.withoutGrad(() => countMetrics(m, frame, { logits, ratios }, settings));
      return [loss];
    });
  });
}

/** The same with a fused head: no logits, and every output lives to the end of the frame. */
function fusedDpoLoss(
  m: Machine,
  batch: DpoBatch,
  settings: TrainingSettings,
  { policy, reference }: Runs,
): readonly Tensor[] {
  return m.frame((frame) => {
    const { shape } = batch.inputIds;
    const isPrompt = pointwise(m, "eq", [m.alias(batch.completionMask)], "bool");
    const labels = frame.hold(m.empty("masked_fill", shape, "int64"));
    m.consume(isPrompt);
    const [rows = 1, length = 1] = shape;
    const prompt = settings.preference?.prompt_length ?? 0;
    const scored = { labels, count: rows * Math.min(length - prompt, length - 1) };
    const outputs = callFusedHead(m, policy, { ...scored, wanted: STATISTICS });
    for (const output of outputs) frame.hold(output);
    const [logProbs, , , , meanLogits = logProbs] = outputs;
    const own = summedHalves(m, frame, frame.hold(lastOf(m, logProbs, 1, length - 1)));
    const others =
      reference === undefined ? batch.reference : fusedReference(m, frame, reference, scored);
    return m.withKind("logits", () => {
      const { loss, ratios } = sigmoidLoss(m, frame, own, others);
      m.withoutGrad(() => countFusedMetrics(m, frame, { meanLogits, ratios }, settings));
      return [loss];
    });
  });
}

/** What TRL logs of the policy; a second model is asked for log-probabilities alone. */
const STATISTICS = ["entropy", "mean_logits", "is_top1"] as const;

function fusedReference(
  m: Machine,
  frame: Frame,
  { isOther, ...run }: ReferenceRun,
  scored: Omit<Scored, "wanted">,
): readonly [Tensor, Tensor] {
  const wanted = isOther ? [] : STATISTICS;
  const outputs = asReference(m, () => callFusedHead(m, run, { ...scored, wanted }));
  for (const output of outputs) frame.hold(output);
  return m.withoutGrad(() => summedHalves(m, frame, outputs[0]));
}

/** Of the log-probabilities of chosen and rejected sequences, (b,) each. */
function sigmoidLoss(
  m: Machine,
  frame: Frame,
  [chosen, rejected]: readonly [Tensor, Tensor],
  [fromChosen, fromRejected]: readonly Tensor[],
): { readonly loss: Tensor; readonly ratios: readonly [Tensor, Tensor] } {
  if (fromChosen === undefined || fromRejected === undefined) throw new Error("no reference");
  const ratios = [
    frame.hold(subtract(m, chosen, fromChosen)),
    frame.hold(subtract(m, rejected, fromRejected)),
  ] as const;
  const difference = frame.hold(subtract(m, ...ratios));
  const losses = frame.hold(neg(m, logSigmoid(m, mulScalar(m, difference))));
  const weighted = mulScalar(m, meanAll(m, losses));
  return { loss: frame.hold(addScalar(m, weighted)), ratios };
}

/** Under no_grad, and without checkpointing. */
function asReference<Result>(m: Machine, run: () => Result): Result {
  const { phase } = m.tape;
  m.tape.phase = { ...phase, role: "reference" };
  const result = m.withoutGrad(run);
  m.tape.phase = phase;
  return result;
}

/** Sums of the log-probabilities of the completions, of chosen and rejected sequences: (b,) each. */
function sequenceLogps(
  m: Machine,
  frame: Frame,
  logits: Tensor,
  { inputIds, completionMask }: DpoBatch,
): readonly [Tensor, Tensor] {
  return m.withKind("logits", () => {
    const length = logits.size(1);
    const shifted = frame.hold(slice(m, logits, 1, [0, length - 1]));
    const labels = frame.hold(slice(m, m.alias(inputIds), 1, [1, length]));
    const mask = frame.hold(slice(m, m.alias(completionMask), 1, [1, length]));
    const all = frame.hold(selectiveLogSoftmax(m, shifted, labels));
    return summedHalves(m, frame, frame.rebind(all, zeroWhere(m, all, mask)));
  });
}

/** (2b, n) → the sums of the chosen and of the rejected. */
function summedHalves(m: Machine, frame: Frame, perToken: Tensor): readonly [Tensor, Tensor] {
  const sums = frame.hold(m.withKind("logits", () => sumDim(m, perToken, 1)));
  const [chosen, rejected] = halves(m, sums);
  return [frame.hold(chosen), frame.hold(rejected)];
}
