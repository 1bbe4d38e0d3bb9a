/**
 * Direct preference optimization: chosen and rejected sequences in one batch, log-probabilities of the policy and of a
 * reference, a loss of their differences.
 *
 * Source: trl trainer/dpo_trainer.py `_compute_loss` (loss_type sigmoid, reverse KL).
 */

import type { Machine } from "../../machine/machine.js";
import type { Frame } from "../../machine/frame.js";
import { addScalar, mulScalar, neg, subtract } from "../../machine/ops/elementwise.js";
import { logSigmoid } from "../../machine/ops/likelihood.js";
import { zeroWhere } from "../../machine/ops/masked.js";
import { meanAll, sumDim } from "../../machine/ops/reduce.js";
import { halves } from "../../machine/ops/rows.js";
import { slice } from "../../machine/ops/views.js";
import type { Tensor } from "../../machine/tensor.js";
import type { TrainingSettings } from "../../settings/training.js";
import type { Batch } from "../modules/batch.js";
import { callCausalLm } from "../modules/causal-lm.js";
import type { ModelRun } from "../modules/causal-lm.js";
import { countMetrics } from "./dpo-metrics.js";
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
      return dpoLoss(machine, batch, settings, {
        policy: { ...run, model: policy, batch },
        reference: other === undefined ? undefined : { ...run, model: other, batch, options },
      });
    },
  };
};

interface Runs {
  readonly policy: ModelRun;
  /** Undefined where the batch brings its log-probabilities. */
  readonly reference: ModelRun | undefined;
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
    const [chosen, rejected] = sequenceLogps(m, frame, logits, batch);
    const [fromChosen, fromRejected] =
      reference === undefined
        ? batch.reference
        : sequenceLogps(m, frame, frame.hold(referenceLogits(m, reference)), batch);
    if (fromChosen === undefined || fromRejected === undefined) throw new Error("no reference");
    return m.withKind("logits", () => {
      const ratios = [
        frame.hold(subtract(m, chosen, fromChosen)),
        frame.hold(subtract(m, rejected, fromRejected)),
      ] as const;
      const difference = frame.hold(subtract(m, ...ratios));
      const losses = frame.hold(neg(m, logSigmoid(m, mulScalar(m, difference))));
      const weighted = mulScalar(m, meanAll(m, losses));
      const loss = frame.hold(addScalar(m, weighted));
      m.withoutGrad(() => countMetrics(m, frame, { logits, ratios }, settings));
      return [loss];
    });
  });
}

/** Under no_grad, and without checkpointing. */
function referenceLogits(m: Machine, run: ModelRun): Tensor {
  const { phase } = m.tape;
  m.tape.phase = { ...phase, role: "reference" };
  const logits = m.withoutGrad(() => callCausalLm(m, run));
  m.tape.phase = phase;
  return logits;
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
    const perToken = frame.rebind(all, zeroWhere(m, all, mask));
    const sums = frame.hold(sumDim(m, perToken, 1));
    const [chosen, rejected] = halves(m, sums);
    return [frame.hold(chosen), frame.hold(rejected)];
  });
}
