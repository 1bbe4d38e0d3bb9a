/** Names of LLaMA-Factory's arguments beside those that are read. Source: llamafactory 0.9.5 hparams/*.py. */

/** Data, rates, logs, saves, generation and export: they change neither counts nor memory. */
export const LLAMA_FACTORY_HARMLESS: readonly string[] = [
  ...["sglang_*", "vllm_*", "export_*", "image_*", "crop_to_patches", "video_*"],
  ...["use_audio_in_video", "audio_sampling_rate", "adapter_name_or_path", "adapter_folder"],
  ...["cache_dir", "use_fast_tokenizer", "split_special_tokens", "init_special_tokens"],
  ...["model_revision", "low_cpu_mem_usage", "infer_backend", "offload_folder", "use_kv_cache"],
  ...["infer_dtype", "hf_hub_token", "ms_hub_token", "om_hub_token", "print_param_status"],
  ...["trust_remote_code", "compute_dtype", "device_map", "model_max_length", "template"],
  ...["dataset", "eval_dataset", "dataset_dir", "media_dir", "train_on_prompt", "mask_history"],
  ...["streaming", "buffer_size", "mix_strategy", "interleave_probs", "overwrite_cache"],
  ...["preprocessing_batch_size", "preprocessing_num_workers", "max_samples", "eval_num_beams"],
  ...["ignore_pad_token_for_loss", "val_size", "eval_on_each_dataset", "tool_format"],
  ...["default_system", "enable_thinking", "preserve_thinking", "tokenized_path"],
  ...["data_shared_file_system", "use_swanlab", "swanlab_*", "pref_beta", "pref_ftx"],
  ...["pref_bco_weight", "pref_loss", "dpo_label_smoothing", "kto_chosen_weight"],
  ...["kto_rejected_weight", "simpo_gamma", "ppo_*", "ref_model", "ref_model_adapters"],
  ...["ref_model_quantization_bit", "reward_model", "reward_model_*", "ld_alpha"],
  ...["loraplus_lr_ratio", "loraplus_lr_embedding", "pissa_convert", "create_new_adapter"],
  ...["compute_accuracy", "disable_shuffling", "early_stopping_steps", "plot_loss"],
  ...["include_effective_tokens_per_second", "profiler_*", "ray_init_kwargs", "master_addr"],
  ...["master_port", "overwrite_output_dir", "do_sample", "temperature", "top_p", "top_k"],
  ...["num_beams", "max_length", "max_new_tokens", "repetition_penalty", "length_penalty"],
  ...["skip_special_tokens", "do_train", "do_eval", "do_predict", "warmup_ratio", "logging_dir"],
  ...["save_safetensors", "predict_with_generate", "report_to", "ddp_timeout"],
];

/** They may change the answer, and have no program here. */
export const LLAMA_FACTORY_OTHER: readonly string[] = [
  ...["use_kt", "kt_*", "quantization_device_map", "resize_vocab", "add_tokens"],
  ...["add_special_tokens", "new_special_tokens_config", "rope_scaling", "shift_attn"],
  ...["mixture_of_depths", "use_unsloth_gc", "enable_liger_kernel", "moe_aux_loss_coef"],
  ...["upcast_layernorm", "upcast_lmhead_output", "train_from_scratch", "use_v1_kernels"],
  ...["block_diag_attn", "use_badam", "badam_*", "use_apollo", "apollo_*", "use_galore"],
  ...["galore_*", "module_dropout", "oft_*", "freeze_trainable_layers"],
  ...["freeze_trainable_modules", "freeze_extra_modules", "use_llama_pro", "use_adam_mini"],
  ...["use_mca", "use_hyper_parallel", "hyper_parallel_args", "use_muon", "use_dft_loss"],
  ...["use_asft_loss", "asft_alpha", "use_eaft_loss", "eaft_alpha", "freeze_vision_tower"],
  ...["freeze_multi_modal_projector", "freeze_language_model", "enable_torch_profiler"],
  ...["profile_modules", "fp8", "fp8_backend", "fp8_enable_fsdp_float8_all_gather"],
  ...["ray_num_workers", "deepspeed", "fsdp", "fsdp_config", "torch_compile"],
  ...["neftune_noise_alpha", "optim_args", "optim_target_modules", "auto_find_batch_size"],
  ...["gradient_checkpointing", "gradient_checkpointing_kwargs", "label_smoothing_factor"],
  ...["ray_run_name", "ray_storage_path", "resources_per_worker", "placement_strategy"],
];
