/** Fields of adapter_config.json that every method shares. */

/** Fields that the configuration of every method has. Source: peft config.py. */
export const BASE_FIELDS: readonly string[] = [
  ...["peft_type", "task_type", "auto_mapping", "peft_version", "base_model_name_or_path"],
  ...["revision", "inference_mode"],
];
