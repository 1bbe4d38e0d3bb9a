/** LLaMA-Factory 0.9.5: transformers' Trainer and its loss, checkpoints and casts of its own. */

import type { StackProfile } from "./profile.js";

/**
 * Source: llamafactory 0.9.5 model/adapter.py `init_adapter`, model/loader.py (`torch_dtype="auto"`), model/model_utils/checkpointing.py,
 * model/model_utils/quantization.py, model/model_utils/attention.py, train/sft/workflow.py, hparams/{model,data,finetuning}_args.py.
 */
export const LLAMA_FACTORY = {
  id: "llama-factory-0.9",
  name: "LLaMA-Factory 0.9.5",
  // The newest that its pins let in: transformers <= 5.6.0, peft <= 0.18.1.
  releases: { transformers: "5.6.0", peft: "0.18.1" },
  passesMask: true,
  trainsTokensOnly: true,
  loadsPublished: true,
  packs4bit: { bnb_4bit_quant_type: "nf4", bnb_4bit_use_double_quant: true },
  castsWhole: true,
  padsTo: 8,
  eagerFor: ["gemma2"],
  ownKernelFor: { gpt_oss: "FlashAttention-3 with sinks (kernels-community/vllm-flash-attn3)" },
  checkpointsTrained: true,
  trainsBy: ["sft"],
  losses: ["hf", "liger"],
  training: {
    per_device_train_batch_size: 8,
    max_length: 2048,
    bf16: false,
    loss: "hf",
    use_reentrant: true,
    // `cast_trainable_params_to_fp32`: all that trains, copies in `additional_target`, too.
    adapter_dtype: "float32",
  },
  source:
    "llamafactory 0.9.5 hparams/*.py, model/adapter.py, model/loader.py, model/model_utils/*.py, train/sft/workflow.py",
} as const satisfies StackProfile;
