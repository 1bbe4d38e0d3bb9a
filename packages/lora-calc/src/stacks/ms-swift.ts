/** ms-swift 4.6: transformers' Trainer with checkpoints of its own choice, and logits of labelled tokens alone. */

import type { StackProfile } from "./profile.js";

/**
 * Source: ms-swift 4.6.0 arguments/base_args/{model,quant}_args.py, arguments/tuner_args.py, trainers/arguments.py, trainers/mixin.py
 * `_fix_gradient_checkpointing`, `prepare_logits_to_keep`, trainers/seq2seq_trainer.py, pipelines/train/tuner.py.
 */
export const MS_SWIFT = {
  id: "ms-swift-4.6",
  name: "ms-swift 4.6",
  // The newest that its pins let in: transformers < 5.20, peft < 0.21.
  releases: { transformers: "5.19.0", peft: "0.20.0" },
  passesMask: true,
  trainsTokensOnly: true,
  loadsPublished: true,
  followsPublished: true,
  packs4bit: { bnb_4bit_quant_type: "nf4", bnb_4bit_use_double_quant: true },
  keepsLabelled: true,
  reentrantAlone: true,
  globalBatch: 16,
  trainsBy: ["sft"],
  losses: ["hf", "liger"],
  training: {
    per_device_train_batch_size: 1,
    max_length: 2048,
    loss: "hf",
  },
  source:
    "ms-swift 4.6.0 arguments/*.py, trainers/{arguments,mixin,seq2seq_trainer}.py, pipelines/train/tuner.py",
} as const satisfies StackProfile;
