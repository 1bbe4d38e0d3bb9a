/** Supervised fine-tuning: one model, and the loss that the settings name. */

import type { Shape } from "../../machine/layout.js";
import type { Machine } from "../../machine/machine.js";
import type { Tensor } from "../../machine/tensor.js";
import type { TrainingSettings } from "../../settings/training.js";
import { labelledLoss } from "../losses/labelled.js";
import { LOSSES } from "../losses/loss.js";
import type { Dtype } from "../../../units/dtype.js";
import type { LabelledBatch } from "../modules/batch.js";
import type { Trainer } from "./trainer.js";

export const sftTrainer: Trainer = (m, settings) => {
  const { loss } = settings;
  if (
    loss === "dpo" ||
    loss === "multiple_negatives_ranking" ||
    loss === "unsloth" ||
    loss === "litgpt"
  ) {
    throw new Error("supervised fine-tuning has losses of its own");
  }
  const batch = makeBatch(m, settings);
  const isLabelled = loss === "hf" && settings.keepsLabelled === true;
  return {
    tensors: tensorsOf(batch),
    loss: (machine, { policy, ...run }) =>
      (isLabelled ? labelledLoss : LOSSES[loss])(machine, { ...run, model: policy, batch }),
  };
};

export function tensorsOf(batch: LabelledBatch): readonly Tensor[] {
  const { inputIds, labels, attentionMask, packed } = batch;
  const { positions, starts = [], indices } = packed ?? {};
  const more = [positions, ...starts, indices, attentionMask].filter((each) => each !== undefined);
  return [inputIds, labels, ...more];
}

/** All rows in one, with positions that begin again and without a mask. Source: trl 1.16 sft_trainer.py `torch_call`. */
function packedBatch(m: Machine, settings: TrainingSettings, sequences: number): LabelledBatch {
  const shape = [1, settings.per_device_train_batch_size * settings.max_length];
  const made = (dtype: Dtype = "int64", of: Shape = shape): Tensor =>
    m.retain(m.empty("zeros", of, dtype));
  const [inputIds, labels, positions] = [made(), made(), made()];
  const row = { positions, sequences };
  if (settings.handsStarts !== true) return { inputIds, labels, isPadded: false, packed: row };
  const starts = [made("int32", [sequences + 1]), made("int32", [sequences + 1])] as const;
  return { inputIds, labels, isPadded: false, packed: { ...row, starts, indices: made("int32") } };
}

export function makeBatch(m: Machine, settings: TrainingSettings): LabelledBatch {
  const { packed_sequences: sequences } = settings;
  if (sequences > 0) return packedBatch(m, settings, sequences);
  const shape = [settings.per_device_train_batch_size, settings.max_length];
  const inputIds = m.retain(m.empty("zeros", shape, "int64"));
  const labels = m.retain(m.empty("zeros", shape, "int64"));
  const { padding: isPadded, passesMask } = settings;
  if (!isPadded && passesMask !== true) return { inputIds, labels, isPadded };
  const attentionMask = m.retain(m.empty("zeros", shape, "int64"));
  return { inputIds, labels, attentionMask, isPadded };
}
