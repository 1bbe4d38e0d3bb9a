/** Modules that PEFT adapts when a configuration names none. */

import { IA3_FEEDFORWARD, TARGET_MAPS } from "./rows/default-targets.js";

/**
 * Default `target_modules` of a method for a model_type, if PEFT has one.
 *
 * Source: peft utils/constants.py.
 * Example: defaultTargets("LORA", "llama") // ["q_proj", "v_proj"]
 */
export function defaultTargets(
  peftType: string,
  modelType: string,
): readonly string[] | string | undefined {
  const map = TARGET_MAPS[peftType];
  return map !== undefined && Object.hasOwn(map, modelType) ? map[modelType] : undefined;
}

/**
 * Default `feedforward_modules` of (IA)³ for a model_type, if PEFT has one.
 *
 * Source: peft utils/constants.py.
 * Example: feedforwardByDefault("llama") // ["down_proj"]
 */
export function feedforwardByDefault(modelType: string): readonly string[] | string | undefined {
  return Object.hasOwn(IA3_FEEDFORWARD, modelType) ? IA3_FEEDFORWARD[modelType] : undefined;
}
