import type { Scenario } from "lora-calc";

/** What the page shows before anything is chosen: the worked example of the README. */
export const DEFAULT_SCENARIO: Scenario = {
  schema: 1,
  model: "meta-llama/Llama-3.1-8B",
  adapter: {
    peft_type: "LORA",
    r: 16,
    lora_alpha: 32,
    target_modules: "all-linear",
    lora_dropout: 0,
    bias: "none",
    task_type: "CAUSAL_LM",
  },
  quantization: {
    load_in_4bit: true,
    bnb_4bit_quant_type: "nf4",
    bnb_4bit_use_double_quant: true,
    bnb_4bit_compute_dtype: "bfloat16",
  },
  training: { per_device_train_batch_size: 2, max_length: 2048, dtype: "bfloat16" },
  hardware: { gpu: "RTX 4090" },
  stack: "trl-1.16",
};
