/** Names of the arguments of `swift sft` beside those that are read. Source: ms-swift 4.6.0 arguments/*.py, trainers/arguments.py. */

/** Data, templates, rates, logs, saves and evaluation: they change neither counts nor memory. */
export const MS_SWIFT_HARMLESS: readonly string[] = [
  ...["swanlab_*", "lorap_lr_ratio", "lora_ga_*", "max_new_tokens", "temperature", "top_k"],
  ...["top_p", "repetition_penalty", "num_beams", "stream", "stop_words", "logprobs"],
  ...["top_logprobs", "structured_outputs_regex", "dataset", "val_dataset", "cached_dataset"],
  ...["cached_val_dataset", "split_dataset_ratio", "data_seed", "dataset_num_proc"],
  ...["load_from_cache_file", "dataset_shuffle", "val_dataset_shuffle", "streaming"],
  ...["interleave_prob", "stopping_strategy", "shuffle_buffer_size", "download_mode", "columns"],
  ...["strict", "remove_unused_columns", "disable_auto_column_mapping", "model_name"],
  ...["model_author", "custom_dataset_info", "decision_*", "template", "system"],
  ...["truncation_strategy", "agent_template", "norm_bbox", "use_chat_template", "padding_side"],
  ...["loss_scale", "is_binary_loss_scale", "template_backend", "response_prefix"],
  ...["enable_thinking", "preserve_thinking", "add_non_thinking_prefix"],
  ...["disable_ignore_empty_think", "model_type", "model_revision", "device_map"],
  ...["max_model_len", "local_repo_path", "init_strategy", "ray_exp_name", "adapters"],
  ...["external_plugins", "custom_register_path", "seed", "enable_npu_model_patch", "load_args"],
  ...["load_data_args", "packing_num_proc", "packing_strategy", "lazy_tokenize", "use_hf"],
  ...["hub_token", "ddp_timeout", "ddp_backend", "ignore_args_error"],
  ...["per_device_eval_batch_size", "logging_first_step", "logging_steps", "safe_serialization"],
  ...["max_shard_size", "weight_decay", "adam_beta2", "lr_scheduler_type", "lr_scheduler_kwargs"],
  ...["report_to", "dataloader_num_workers", "dataloader_persistent_workers"],
  ...["dataloader_prefetch_factor", "dataloader_multiprocessing_context", "check_model"],
  ...["acc_strategy", "train_dataloader_shuffle", "group_by_length", "max_epochs", "aligner_lr"],
  ...["vit_lr", "ds3_gather_for_generation", "resume_only_model", "eval_metric", "callbacks"],
  ...["early_stop_interval", "eval_use_evalscope", "eval_dataset", "eval_dataset_args"],
  ...["eval_limit", "eval_generation_config", "extra_eval_args", "use_flash_ckpt", "logging_dir"],
  ...["warmup_ratio", "add_version", "create_checkpoint_symlink", "output_dir", "learning_rate"],
  ...["eval_strategy", "train_dataset_sample", "push_to_hub", "save_total_limit", "warmup_steps"],
  ...["ENV"],
];

/** They may change the answer, and have no program here. */
export const MS_SWIFT_OTHER: readonly string[] = [
  ...["freeze_parameters", "freeze_parameters_regex", "freeze_parameters_ratio"],
  ...["trainable_parameters", "trainable_parameters_regex", "freeze_llm", "freeze_vit"],
  ...["freeze_aligner", "fourier_n_frequency", "fourier_scaling", "boft_*", "vera_*"],
  ...["adapter_act", "adapter_length", "adalora_*", "llamapro_num_new_blocks"],
  ...["llamapro_num_groups", "reft_*", "hqq_axis", "bnb_4bit_quant_storage", "max_pixels"],
  ...["sequence_parallel_size", "task_type", "experts_impl", "new_special_tokens", "num_labels"],
  ...["problem_type", "rope_scaling", "max_memory", "use_ray", "device_groups", "tuner_backend"],
  ...["model_kwargs", "packing_length", "use_swift_lora", "vit_gradient_checkpointing"],
  ...["router_aux_loss_coef", "enable_dft_loss", "enable_channel_loss", "use_liger_kernel"],
  ...["use_logits_to_keep", "optimizer", "loss_type", "mrl_dims", "use_galore", "galore_*"],
  ...["lisa_activated_layers", "lisa_step_interval", "zero_hpz_partition_size"],
  ...["deepspeed_autotp_size", "fsdp", "deepspeed", "fsdp_config", "torch_compile"],
  ...["neftune_noise_alpha", "optim_args", "optim_target_modules", "auto_find_batch_size"],
];
