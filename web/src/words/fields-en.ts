/** How the page calls the fields that it has controls for, in English; by their path in a scenario. */

export interface FieldWords {
  readonly label: string;
  readonly hint?: string;
  readonly unit?: string;
  /** Names of its values; of a text, all that are offered. */
  readonly values?: Readonly<Record<string, string>>;
}

export const FIELD_WORDS: Readonly<Record<string, FieldWords>> = {
  "adapter.r": {
    label: "Rank r",
    hint: "Lower: fewer parameters. Higher: more capacity. 4, 8, 16, 32 and 64 are common.",
  },
  "adapter.lora_alpha": {
    label: "Alpha α",
    hint: "The update is scaled by α/r. Usual choices: α = 2r, or α = r.",
  },
  "adapter.lora_dropout": {
    label: "Dropout",
    hint: "On the adapters' input. Above 0 it keeps a mask for backward.",
  },
  "adapter.bias": {
    label: "Train biases",
    values: { none: "none", all: "all", lora_only: "adapted modules" },
  },
  "adapter.use_rslora": {
    label: "rsLoRA",
    hint: "Scales by α/√r, so that high ranks keep learning.",
  },
  "adapter.use_dora": {
    label: "DoRA",
    hint: "Trains a magnitude per output beside B·A; slower, and takes more memory.",
  },
  "training.per_device_train_batch_size": { label: "Batch size per device" },
  "training.max_length": { label: "Sequence length", unit: "tokens" },
  "training.gradient_accumulation_steps": { label: "Gradient accumulation" },
  "training.gradient_checkpointing": {
    label: "Gradient checkpointing",
    hint: "Recomputes activations in backward: less memory, a third more compute.",
  },
  "training.optim": { label: "Optimizer" },
  "training.method": {
    label: "Trainer",
    values: { sft: "SFT: supervised", dpo: "DPO: preferences" },
  },
  "training.precompute_ref_log_probs": {
    label: "Reference computed before",
    hint: "precompute_ref_log_probs: no reference runs in a step.",
  },
  "training.loss": {
    label: "Loss",
    values: {
      fused: "fused head (TRL nll from 1.15)",
      chunked_nll: "chunked (TRL before 1.15)",
      nll: "whole logits (TRL nll before 1.15)",
      hf: "whole logits, float32 (HF)",
      liger: "fused (Liger)",
      cce: "cut cross entropy",
      multiple_negatives_ranking: "pairs of texts (sentence-transformers)",
    },
  },
  "training.adapter_dtype": {
    label: "Adapters stored as",
    values: { auto: "auto: PEFT's choice" },
  },
  "training.attn_implementation": { label: "Attention" },
  "training.loop": { label: "Loop" },
  "training.use_liger_kernel": {
    label: "Liger kernels",
    hint: "Norms, rotary embeddings, MLPs and loss of Liger (use_liger_kernel)",
  },
  "training.prepare_kbit": {
    label: "prepare_model_for_kbit_training",
    hint: "Casts norms, embeddings and head to float32.",
  },
  "training.use_reentrant": { label: "Reentrant checkpointing" },
  "training.selective_checkpointing": { label: "Checkpoints keep attention" },
  "training.set_to_none": { label: "zero_grad frees gradients" },
  "training.bf16": { label: "bf16 autocast" },
  "training.fp16": { label: "fp16 autocast" },
  "training.padding": { label: "Batches contain padding" },
};
