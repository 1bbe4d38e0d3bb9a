/**
 * Arguments of the calls that a training script makes.
 *
 * Source: transformers 5.24.0 training_args.py, utils/quantization_config.py, modeling_utils.py `from_pretrained`; trl 1.16.0
 * trainer/sft_trainer.py, dpo_trainer.py; peft 0.21.2 tuners/lora/config.py, utils/other.py.
 */

import { ADAPTER_FIELDS } from "../../fields/scenario.js";
import { QUANTIZATION_FIELDS } from "../../fields/quantization.js";
import type { FieldPath, KeyRow } from "../format.js";
import type { KeyTable } from "../read-keys.js";
import { TRL_FILE } from "../trl.js";

/** Of the command line and of from_pretrained, not of the class. */
const NOT_OF_ARGUMENTS = ["dtype", "torch_dtype", "attn_implementation", "model_name_or_path"];

/** TrainingArguments of transformers 4 that version 5 does not take. Tried with 5.18: each is a TypeError. */
const GONE = [
  ...["overwrite_output_dir", "logging_dir", "save_safetensors", "half_precision_backend"],
  ...["jit_mode_eval", "past_index", "ray_scope", "mp_parameters", "dataset_batch_size"],
  ...["no_cuda", "use_mps_device", "include_tokens_per_second", "push_to_hub_token", "use_ipex"],
  ...[
    "fp16_opt_level",
    "fp16_backend",
    "per_gpu_eval_batch_size",
    "tpu_num_cores",
    "dispatch_batches",
  ],
];

/** SFTConfig, DPOConfig and TrainingArguments in one: a field of another class has its own refusal. */
export const TRAINING_ARGUMENTS: KeyTable = {
  trainer: "TRL",
  keys: Object.fromEntries(
    Object.entries(TRL_FILE.keys).filter(
      ([key, row]) => row !== "together" && !NOT_OF_ARGUMENTS.includes(key),
    ),
  ),
  harmless: TRL_FILE.harmless.filter((key) => !GONE.includes(key)),
  gone: GONE,
  other: TRL_FILE.other,
  unknownAre: "refused",
};

/** Of today's table what transformers 4 and TRL 0.x still take. */
const STILL_TAKEN = ["max_seq_length", "warmup_ratio", "group_by_length", "evaluation_strategy"];

/** The same as transformers 4 and TRL 0.x have it, which Unsloth brings, and its own UnslothTrainingArguments. */
export const OLDER_TRAINING_ARGUMENTS: KeyTable = {
  ...TRAINING_ARGUMENTS,
  trainer: "Unsloth",
  keys: {
    ...Object.fromEntries(
      Object.entries(TRAINING_ARGUMENTS.keys).filter(([key]) => !STILL_TAKEN.includes(key)),
    ),
    max_seq_length: { to: "training.max_length" },
    embedding_learning_rate: { to: "training.embedding_learning_rate" },
  },
  harmless: [
    ...TRAINING_ARGUMENTS.harmless,
    ...GONE,
    ...STILL_TAKEN.slice(1),
    "vllm_sampling_params",
  ],
  gone: [],
};

const rowsOf = (
  section: "adapter" | "quantization",
  names: readonly string[],
): Readonly<Record<string, KeyRow>> =>
  Object.fromEntries(
    names.map((name): [string, KeyRow] => [name, { to: `${section}.${name}` as FieldPath }]),
  );

/** LoraConfig and the classes of PEFT's other methods. */
export const PEFT_CONFIG: KeyTable = {
  trainer: "PEFT",
  keys: rowsOf("adapter", Object.keys(ADAPTER_FIELDS)),
  harmless: [
    "inference_mode",
    "base_model_name_or_path",
    "revision",
    "auto_mapping",
    "peft_version",
  ],
  other: [],
  unknownAre: "refused",
};

export const BITS_AND_BYTES: KeyTable = {
  trainer: "transformers",
  keys: rowsOf("quantization", [
    ...Object.keys(QUANTIZATION_FIELDS),
    "bnb_4bit_quant_storage",
    "llm_int8_threshold",
  ]),
  harmless: [],
  other: ["llm_int8_enable_fp32_cpu_offload", "llm_int8_has_fp16_weight"],
  unknownAre: "dropped",
};

const LOADING_HARMLESS = [
  ...["token", "use_auth_token", "trust_remote_code", "revision", "cache_dir", "local_files_only"],
  ...[
    "low_cpu_mem_usage",
    "use_safetensors",
    "use_cache",
    "device_map",
    "max_memory",
    "offload_folder",
  ],
  ...[
    "force_download",
    "resume_download",
    "proxies",
    "subfolder",
    "variant",
    "ignore_mismatched_sizes",
  ],
  ...["id2label", "label2id", "pretraining_tp", "return_dict", "config", "problem_type", "resume"],
];

export const FROM_PRETRAINED: KeyTable = {
  trainer: "transformers",
  keys: {
    dtype: { to: "training.dtype" },
    torch_dtype: { now: "dtype" },
    attn_implementation: { to: "training.attn_implementation" },
    use_flash_attention_2: {
      now: "attn_implementation",
      read: (value) => (value === true ? "flash_attention_2" : undefined),
    },
    load_in_4bit: "together",
    load_in_8bit: "together",
  },
  harmless: LOADING_HARMLESS,
  other: ["num_labels", "rope_scaling", "tp_plan", "output_hidden_states", "output_attentions"],
  unknownAre: "dropped",
};

/** Unsloth's loaders. Source: unsloth 2026.8 models/loader.py `FastLanguageModel.from_pretrained`, `FastModel.from_pretrained`. */
export const UNSLOTH_LOAD: KeyTable = {
  trainer: "Unsloth",
  keys: {
    max_seq_length: { to: "training.max_seq_length" },
    dtype: { to: "training.dtype" },
    load_in_4bit: "together",
    load_in_8bit: "together",
    full_finetuning: "together",
    use_gradient_checkpointing: "together",
  },
  harmless: [
    ...LOADING_HARMLESS,
    ...["fix_tokenizer", "model_name", "tokenizer_name", "max_lora_rank", "gpu_memory_utilization"],
    ...[
      "disable_log_stats",
      "random_state",
      "use_exact_model_name",
      "return_logits",
      "unsloth_tiled_mlp",
    ],
    ...["unsloth_force_compile", "load_in_16bit", "float8_kv_cache", "fullgraph"],
  ],
  other: [
    "fast_inference",
    "auto_model",
    "rope_scaling",
    "load_in_fp8",
    "qat_scheme",
    "offload_embedding",
    "attn_implementation",
  ],
  unknownAre: "dropped",
};

/** Source: unsloth 2026.8 models/llama.py and models/vision.py `get_peft_model`. */
export const UNSLOTH_ADAPTER: KeyTable = {
  trainer: "Unsloth",
  keys: {
    ...rowsOf("adapter", Object.keys(ADAPTER_FIELDS)),
    use_gradient_checkpointing: "together",
    finetune_vision_layers: "together",
    finetune_language_layers: "together",
    finetune_attention_modules: "together",
    finetune_mlp_modules: "together",
  },
  harmless: ["random_state", "max_seq_length", "temporary_location"],
  other: [...["finetune_audio_layers", "finetune_last_n_layers", "qat_scheme"]],
  unknownAre: "dropped",
};

/** Arguments that are objects of their own, or data. */
const OF_TRAINERS = [
  ...[
    "model",
    "args",
    "train_dataset",
    "eval_dataset",
    "processing_class",
    "tokenizer",
    "data_collator",
  ],
  ...[
    "formatting_func",
    "callbacks",
    "compute_metrics",
    "optimizers",
    "preprocess_logits_for_metrics",
  ],
  ...["model_init", "compute_loss_func", "reward_funcs", "reward_processing_classes", "ref_model"],
  ...[
    "optimizer_cls_and_kwargs",
    "compute_loss",
    "image_processor",
    "feature_extractor",
    "rollout_func",
  ],
  ...[
    "dataset_text_field",
    "dataset_num_proc",
    "dataset_kwargs",
    "infinite",
    "num_of_sequences",
    "chars_per_token",
  ],
  ...["dataset_batch_size", "beta", "eval_packing", "reward_model", "value_model", "judge"],
];

/** Arguments of a trainer itself: settings among them are of TRL before 0.13, or Unsloth's. */
export const TRAINER: KeyTable = {
  trainer: "TRL",
  keys: {
    max_seq_length: { to: "training.max_length" },
    max_length: { to: "training.max_length" },
    packing: { to: "training.packing" },
    peft_config: "together",
    quantization_config: "together",
  },
  harmless: OF_TRAINERS,
  other: [
    "neftune_noise_alpha",
    "model_init_kwargs",
    "max_prompt_length",
    "max_target_length",
    "loss_type",
  ],
  unknownAre: "refused",
};
