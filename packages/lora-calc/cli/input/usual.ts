/** The run that is meant where only a model is named. */

import { USUAL_STACK } from "lora-calc";

/** What a model alone is asked about: the LoRA most people run, under the newest profile of TRL. */
export const USUAL = {
  adapter: { r: 16, lora_alpha: 32, target_modules: "all-linear" },
  stack: USUAL_STACK,
} as const;
