/**
 * Names of TrainingArguments and SFTConfig beside those the step is computed from: which change no memory, and which are
 * computed at their neutral value only.
 *
 * Source: transformers@5.18.0 training_args.py `TrainingArguments`, trl@1.13.0 trainer/sft_config.py `SFTConfig`.
 */

/** Accepted and listed as ignored: they change what is learned, logged, saved or evaluated, not what a training step holds. */
export const IGNORED_TRAINING: readonly string[] = [
  ...["output_dir", "num_train_epochs", "max_steps", "seed", "data_seed", "run_name", "project"],
  ...["learning_rate", "lr_scheduler_type", "lr_scheduler_kwargs", "warmup_steps", "warmup_ratio"],
  ...["weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon", "average_tokens_across_devices"],
  ...["logging_strategy", "logging_steps", "logging_first_step", "log_on_each_node", "logging_dir"],
  ...["logging_nan_inf_filter", "include_num_input_tokens_seen", "log_level", "log_level_replica"],
  ...["disable_tqdm", "report_to", "trackio_space_id", "trackio_bucket_id"],
  ...["trackio_static_space_id", "eval_strategy", "eval_steps", "eval_delay", "eval_on_start"],
  ...["per_device_eval_batch_size", "prediction_loss_only", "eval_do_concat_batches"],
  ...["eval_use_gather_object", "eval_accumulation_steps", "eval_packing", "include_for_metrics"],
  ...["batch_eval_metrics", "bf16_full_eval", "fp16_full_eval", "load_best_model_at_end"],
  ...[
    "metric_for_best_model",
    "greater_is_better",
    "save_only_model",
    "save_strategy",
    "save_steps",
  ],
  ...["save_on_each_node", "save_total_limit", "save_safetensors", "enable_jit_checkpoint"],
  ...["resume_from_checkpoint", "ignore_data_skip", "restore_callback_states_from_checkpoint"],
  ...["push_to_hub", "hub_token", "hub_private_repo", "hub_model_id", "hub_strategy"],
  ...["hub_always_push", "hub_revision", "tf32", "debug", "skip_memory_metrics", "do_train"],
  ...["do_eval", "do_predict", "local_rank", "accelerator_config", "dataloader_drop_last"],
  ...["dataloader_num_workers", "dataloader_pin_memory", "dataloader_persistent_workers"],
  ...["dataloader_prefetch_factor", "dataloader_multiprocessing_context", "dataloader_in_order"],
  ...["remove_unused_columns", "label_names", "train_sampling_strategy", "group_by_length"],
  ...["length_column_name", "ddp_find_unused_parameters", "ddp_bucket_cap_mb"],
  ...["ddp_broadcast_buffers", "ddp_static_graph", "ddp_backend", "ddp_timeout"],
  ...["trust_remote_code", "chat_template_path", "dataset_text_field"],
  ...["dataset_kwargs", "dataset_num_proc", "eos_token", "pad_token", "truncation_mode"],
  ...["shuffle_dataset", "packing_strategy", "completion_only_loss"],
  ...["assistant_only_loss", "torch_compile_backend", "torch_compile_mode", "liger_kernel_config"],
];

/** Known options that change memory and have no program: only the value named here (or null) is computed. */
export const NEUTRAL_TRAINING: Readonly<Record<string, unknown>> = {
  method: "sft",
  packing: false,
  padding_free: false,
  activation_offloading: false,
  use_liger_kernel: false,
  use_cache: false,
  torch_compile: false,
  torch_empty_cache_steps: 0,
  auto_find_batch_size: false,
  label_smoothing_factor: 0,
  neftune_noise_alpha: 0,
  optim_args: "",
  optim_target_modules: "",
  full_determinism: false,
  use_cpu: false,
  fsdp: "",
  fsdp_config: "",
  deepspeed: "",
  parallelism_config: "",
};

/** Values that their owners know and that have no program here. */
export const KNOWN_LOSSES: readonly string[] = ["unsloth", "dft"];
export const KNOWN_ATTENTION: readonly string[] = [
  ...["flash_attention_2", "flash_attention_3", "flash_attention_4", "flex_attention", "paged"],
  ...["kernels-community/flash-attn2", "kernels-community/flash-attn3"],
];
/** Source: transformers@5.18.0 training_args.py `OptimizerNames`. */
export const KNOWN_OPTIMIZERS: readonly string[] = [
  ...["adamw_torch_xla", "adamw_torch_npu_fused", "adamw_anyprecision", "adamw_torch_4bit"],
  ...["adamw_torch_8bit", "ademamix", "adagrad", "ademamix_8bit", "lion_8bit", "lion_32bit"],
  ...["paged_ademamix_32bit", "paged_ademamix_8bit", "paged_lion_32bit", "paged_lion_8bit"],
  ...["rmsprop", "rmsprop_bnb", "rmsprop_bnb_8bit", "rmsprop_bnb_32bit", "galore_adamw"],
  ...["galore_adamw_8bit", "galore_adafactor", "galore_adamw_layerwise", "lomo", "adalomo"],
  ...["galore_adamw_8bit_layerwise", "galore_adafactor_layerwise", "grokadamw", "stable_adamw"],
  ...["schedule_free_radam", "schedule_free_adamw", "schedule_free_sgd", "apollo_adamw"],
  ...["apollo_adamw_layerwise"],
];
