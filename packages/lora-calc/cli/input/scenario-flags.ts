/** The flags that set fields of a scenario: names, field, kind of value, unit and default. */

/** How the text after a flag becomes a value of the scenario. */
export type FlagKind =
  /** A number; any other text goes through and is refused by the library with its place. */
  | "number"
  | "text"
  /** Names separated by commas. */
  | "names"
  /** Names separated by commas, `all-linear`, or one regular expression. */
  | "targets"
  /** A card's name, or its memory with a unit. */
  | "gpu"
  | "on"
  /** The three fields that the QLoRA paper means. */
  | "qlora"
  /** No adapter. */
  | "full"
  /** `--x` and `--no-x`. */
  | "switch";

export interface ScenarioFlag {
  /** The flag of the help: "--rank". */
  readonly name: string;
  /** Name of its value in the help; absent for a flag without one. */
  readonly argument?: string;
  /** Other spellings, not in the help. Underscores for hyphens work everywhere. */
  readonly aliases?: readonly string[];
  /** Section and field of the scenario, or a field at its top. */
  readonly path: string;
  readonly kind: FlagKind;
  readonly help: string;
}

export interface FlagGroup {
  readonly title: string;
  readonly flags: readonly ScenarioFlag[];
}

// One flag per line reads as the table that it is.
// prettier-ignore
export const FLAG_GROUPS: readonly FlagGroup[] = [
  {
    title: "Adapter (fields of adapter_config.json):",
    flags: [
      { name: "--rank", argument: "r", aliases: ["--r", "-r", "--lora-rank", "--lora-r"], path: "adapter.r", kind: "number", help: "rank of the update (16; PEFT: 8)" },
      { name: "--alpha", argument: "a", aliases: ["--lora-alpha"], path: "adapter.lora_alpha", kind: "number", help: "numerator of the scaling alpha/r (32; PEFT: 8)" },
      { name: "--target-modules", argument: "names", aliases: ["--targets", "--lora-target-modules", "--lora-target"], path: "adapter.target_modules", kind: "targets", help: "names separated by commas, all-linear, or a regex (all-linear; PEFT: by model type)" },
      { name: "--exclude-modules", argument: "names", path: "adapter.exclude_modules", kind: "targets", help: "matched modules to leave out" },
      { name: "--modules-to-save", argument: "names", path: "adapter.modules_to_save", kind: "names", help: "modules trained in full beside the adapter" },
      { name: "--dropout", argument: "p", aliases: ["--lora-dropout"], path: "adapter.lora_dropout", kind: "number", help: "probability, 0 to 1 (PEFT: 0)" },
      { name: "--bias", argument: "which", path: "adapter.bias", kind: "text", help: "none, all or lora_only (PEFT: none)" },
      { name: "--use-dora", aliases: ["--dora"], path: "adapter.use_dora", kind: "on", help: "weight-decomposed update" },
      { name: "--use-rslora", aliases: ["--rslora"], path: "adapter.use_rslora", kind: "on", help: "scaling alpha/sqrt(r)" },
      { name: "--task-type", argument: "type", path: "adapter.task_type", kind: "text", help: "CAUSAL_LM, SEQ_CLS, … (none)" },
      { name: "--full-finetuning", path: "adapter", kind: "full", help: "no adapter: every weight trains" },
      { name: "--peft-type", argument: "type", path: "adapter.peft_type", kind: "text", help: "PEFT method (LORA)" },
    ],
  },
  {
    title: "Base precision (fields of BitsAndBytesConfig):",
    flags: [
      { name: "--qlora", path: "quantization", kind: "qlora", help: "4-bit nf4 with double quantization" },
      { name: "--load-in-4bit", path: "quantization.load_in_4bit", kind: "on", help: "store linear weights in 4 bits" },
      { name: "--load-in-8bit", path: "quantization.load_in_8bit", kind: "on", help: "store linear weights in 8 bits" },
      { name: "--bnb-4bit-quant-type", argument: "type", aliases: ["--quant-type"], path: "quantization.bnb_4bit_quant_type", kind: "text", help: "nf4 or fp4 (bitsandbytes: fp4)" },
      { name: "--bnb-4bit-use-double-quant", aliases: ["--double-quant"], path: "quantization.bnb_4bit_use_double_quant", kind: "on", help: "quantize the scales too" },
      { name: "--dtype", argument: "dtype", path: "training.dtype", kind: "text", help: "dtype the base is loaded in (bfloat16)" },
    ],
  },
  {
    title:
      "Training (fields of TrainingArguments and SFTConfig):",
    flags: [
      { name: "--stack", argument: "stack", path: "stack", kind: "text", help: "trainer whose defaults hold (trl-1.13); see list stacks" },
      { name: "--batch-size", argument: "n", aliases: ["--per-device-train-batch-size", "--micro-batch-size"], path: "training.per_device_train_batch_size", kind: "number", help: "sequences per step on one GPU (1)" },
      { name: "--grad-accum", argument: "n", aliases: ["--gradient-accumulation-steps"], path: "training.gradient_accumulation_steps", kind: "number", help: "micro-batches per optimizer step (1)" },
      { name: "--max-length", argument: "tokens", aliases: ["--sequence-length", "--max-seq-length", "--max-seq-len", "--sequence-len", "--cutoff-len"], path: "training.max_length", kind: "number", help: "tokens per sequence (1024)" },
      { name: "--gradient-checkpointing", path: "training.gradient_checkpointing", kind: "switch", help: "recompute activations in backward (on)" },
      { name: "--use-reentrant", path: "training.use_reentrant", kind: "switch", help: "reentrant checkpointing (off)" },
      { name: "--optim", argument: "name", aliases: ["--optimizer"], path: "training.optim", kind: "text", help: "adamw_torch_fused, adamw_8bit, … (adamw_torch_fused)" },
      { name: "--method", argument: "name", path: "training.method", kind: "text", help: "TRL's trainer, sft or dpo (sft)" },
      { name: "--precompute-ref-log-probs", path: "training.precompute_ref_log_probs", kind: "switch", help: "dpo: the reference runs before training (off)" },
      { name: "--prompt-length", argument: "tokens", path: "training.prompt_length", kind: "number", help: "dpo: prompt of every sequence (half)" },
      { name: "--loss", argument: "loss", path: "training.loss", kind: "text", help: "hf, nll, chunked_nll, liger or cce (chunked_nll)" },
      { name: "--bf16", path: "training.bf16", kind: "switch", help: "bf16 autocast (on)" },
      { name: "--fp16", path: "training.fp16", kind: "switch", help: "fp16 autocast with a loss scaler (off)" },
      { name: "--use-liger-kernel", path: "training.use_liger_kernel", kind: "switch", help: "Liger's kernels and fused loss (off)" },
      { name: "--adapter-dtype", argument: "dtype", path: "training.adapter_dtype", kind: "text", help: "auto is PEFT's choice, float32 (auto)" },
      { name: "--prepare-kbit", path: "training.prepare_kbit", kind: "switch", help: "prepare_model_for_kbit_training runs (off)" },
      { name: "--attn-implementation", argument: "name", aliases: ["--attention"], path: "training.attn_implementation", kind: "text", help: "sdpa or eager (sdpa)" },
      { name: "--padding", path: "training.padding", kind: "switch", help: "batches contain padding (off)" },
      { name: "--loop", argument: "loop", path: "training.loop", kind: "text", help: "trainer, plain or function: hand-written loops (trainer)" },
      { name: "--max-grad-norm", argument: "norm", path: "training.max_grad_norm", kind: "number", help: "norm to clip gradients to, 0 is none (1)" },
    ],
  },
  {
    title: "Hardware:",
    flags: [
      { name: "--gpu", argument: "name", path: "hardware.gpu", kind: "gpu", help: 'card such as "RTX 4090", or its memory such as 24GiB' },
      { name: "--gpu-count", argument: "n", aliases: ["--gpus"], path: "hardware.count", kind: "number", help: "cards (1)" },
      { name: "--strategy", argument: "name", path: "hardware.strategy", kind: "text", help: "how several cards share the work (ddp)" },
    ],
  },
];

/** Every flag, in the order of the help. */
export const SCENARIO_FLAGS: readonly ScenarioFlag[] = FLAG_GROUPS.flatMap(({ flags }) => flags);

/** The flag that sets a field. Example: flagOf("adapter.r") // "--rank" */
export function flagOf(path: string): string | undefined {
  return SCENARIO_FLAGS.find((flag) => flag.path === path)?.name;
}
