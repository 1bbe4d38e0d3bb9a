/** Modules that PEFT adapts when a configuration names none. */

import { TARGET_MAPS } from "./rows/default-targets.js";

/**
 * Default `target_modules` of a method for a model_type, if PEFT has one.
 *
 * Source: peft@0.21.0 utils/constants.py.
 * Example: defaultTargets("LORA", "llama") // ["q_proj", "v_proj"]
 */
export function defaultTargets(
  peftType: string,
  modelType: string,
): readonly string[] | string | undefined {
  const map = TARGET_MAPS[peftType];
  return map !== undefined && Object.hasOwn(map, modelType) ? map[modelType] : undefined;
}
