/** Supervised fine-tuning: one model, and the loss that the settings name. */

import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import type { TrainingSettings } from "../../settings/training.js";
import { LOSSES } from "../losses/loss.js";
import type { LabelledBatch } from "../modules/batch.js";
import type { Trainer } from "./trainer.js";

export const sftTrainer: Trainer = (m, settings) => {
  const { loss } = settings;
  if (loss === "dpo" || loss === "multiple_negatives_ranking" || loss === "unsloth") {
    throw new Error("supervised fine-tuning has losses of its own");
  }
  const batch = makeBatch(m, settings);
  return {
    tensors: tensorsOf(batch),
    loss: (machine, { policy, ...run }) => LOSSES[loss](machine, { ...run, model: policy, batch }),
  };
};

export function tensorsOf({ inputIds, labels, attentionMask }: LabelledBatch): readonly Tensor[] {
  return [inputIds, labels, ...(attentionMask === undefined ? [] : [attentionMask])];
}

export function makeBatch(m: Machine, settings: TrainingSettings): LabelledBatch {
  const shape = [settings.per_device_train_batch_size, settings.max_length];
  const inputIds = m.retain(m.empty("zeros", shape, "int64"));
  const labels = m.retain(m.empty("zeros", shape, "int64"));
  const { padding: isPadded, passesMask } = settings;
  if (!isPadded && passesMask !== true) return { inputIds, labels, isPadded };
  const attentionMask = m.retain(m.empty("zeros", shape, "int64"));
  return { inputIds, labels, attentionMask, isPadded };
}
