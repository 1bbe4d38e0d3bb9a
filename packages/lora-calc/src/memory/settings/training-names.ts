/**
 * Names of TrainingArguments and SFTConfig beside those the step is computed from: which change no memory, and which are
 * computed at their neutral value only.
 *
 * Source: transformers training_args.py `TrainingArguments`, trl trainer/sft_config.py `SFTConfig`.
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
  ...["assistant_only_loss", "torch_compile_backend", "torch_compile_mode"],
];

/** Known options that change memory and have no program: only the value named here (or null) is computed. */
export const NEUTRAL_TRAINING: Readonly<Record<string, unknown>> = {
  packing: false,
  padding_free: false,
  activation_offloading: false,
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

/**
 * Fields of TRL's other trainers (DPO, KTO, ORPO, CPO, Reward, GRPO, RLOO), which have no program yet.
 *
 * Source: trl, the fields of their configurations that SFTConfig does not have.
 */
export const OTHER_TRAINERS: readonly string[] = [
  ...["alpha", "beta", "cache_implementation", "cast_lm_head_to_fp32"],
  ...["center_rewards_coefficient", "chat_template_kwargs", "cpo_alpha", "delta"],
  ...["desirable_weight", "disable_dropout", "discopop_tau", "ds3_gather_for_generation"],
  ...["entropy_coef", "entropy_coef_delta", "entropy_coef_max", "entropy_coef_min"],
  ...["entropy_target", "epsilon", "epsilon_high", "f_alpha_divergence_coef"],
  ...["f_divergence_type", "generate_during_eval", "generation_batch_size"],
  ...["generation_kwargs", "importance_sampling_level", "is_encoder_decoder"],
  ...["label_smoothing", "ld_alpha", "log_completions", "log_completions_hub_repo"],
  ...["log_multimodal", "log_unique_prompts", "loss_weights", "mask_truncated_completions"],
  ...["max_completion_length", "max_prompt_length", "max_tool_calling_iterations", "min_p"],
  ...["multi_objective_aggregation", "normalize_advantages", "num_completions_to_print"],
  ...["num_generations", "num_generations_eval", "num_iterations", "off_policy_mask_threshold"],
  ...["padding_value", "precompute_ref_batch_size", "precompute_ref_log_probs"],
  ...["ref_model_init_kwargs", "ref_model_mixup_alpha", "ref_model_sync_steps"],
  ...["reference_free", "repetition_penalty", "reward_clip_range", "reward_weights"],
  ...["rpo_alpha", "sapo_temperature_neg", "sapo_temperature_pos", "scale_rewards"],
  ...["simpo_gamma", "steps_per_generation", "sync_ref_model", "temperature"],
  ...["top_entropy_quantile", "top_k", "top_p", "transformers_continuous_batching_config"],
  ...["undesirable_weight", "use_adaptive_entropy", "use_bias_correction_kl"],
  ...["use_transformers_continuous_batching", "use_transformers_paged", "use_vllm"],
  ...["use_weighting", "vespo_k_neg", "vespo_k_pos", "vespo_lambda_neg", "vespo_lambda_pos"],
  ...["vllm_enable_sleep_mode", "vllm_gpu_memory_utilization", "vllm_group_port"],
  ...["vllm_importance_sampling_cap", "vllm_importance_sampling_clip_max"],
  ...["vllm_importance_sampling_clip_min", "vllm_importance_sampling_correction"],
  ...["vllm_importance_sampling_mode", "vllm_max_model_length", "vllm_mode", "vllm_model_impl"],
  ...["vllm_server_base_url", "vllm_server_host", "vllm_server_port", "vllm_server_timeout"],
  ...["vllm_structured_outputs_regex", "vllm_tensor_parallel_size"],
];

/** Values that their owners know and that have no program here. */
export const KNOWN_METHODS: readonly string[] = ["kto", "orpo", "cpo", "reward", "grpo", "rloo"];
export const KNOWN_LOSSES: readonly string[] = ["unsloth", "dft"];
export const KNOWN_ATTENTION: readonly string[] = [
  ...["flash_attention_2", "flash_attention_3", "flash_attention_4", "flex_attention", "paged"],
  ...["kernels-community/flash-attn2", "kernels-community/flash-attn3"],
];
/** Source: transformers training_args.py `OptimizerNames`. */
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
