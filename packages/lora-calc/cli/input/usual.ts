/** The run that is meant where only a model is named. */

/** What a model alone is asked about: the LoRA most people run, under the newest profile of TRL. */
export const USUAL = {
  adapter: { r: 16, lora_alpha: 32, target_modules: "all-linear" },
  stack: "trl-1.16",
} as const;
