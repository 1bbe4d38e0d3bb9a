/** Supervised fine-tuning under Unsloth: transformers' loop and batches, with its model and loss. */

import { makeBatch, tensorsOf } from "../trainers/sft.js";
import type { Trainer } from "../trainers/trainer.js";
import { unslothLoss } from "./loss.js";
import type { UnslothRun } from "./run.js";

export function unslothTrainer(unsloth: UnslothRun): Trainer {
  return (m, settings) => {
    const batch = makeBatch(m, settings);
    return {
      tensors: tensorsOf(batch),
      loss: (machine, { policy, ...run }) =>
        unslothLoss(machine, unsloth, { ...run, model: policy, batch }),
    };
  };
}
