/** All blueprints by model_type. */

import type { Blueprint } from "../blueprint.js";
import { gemma } from "./gemma.js";
import { gemma2 } from "./gemma2.js";
import { gemma3Text } from "./gemma3-text.js";
import { gpt2 } from "./gpt2.js";
import { gptNeox } from "./gpt-neox.js";
import { granite } from "./granite.js";
import { llama } from "./llama.js";
import { mistral } from "./mistral.js";
import { olmo2 } from "./olmo2.js";
import { phi3 } from "./phi3.js";
import { qwen2 } from "./qwen2.js";
import { qwen3 } from "./qwen3.js";
import { smollm3 } from "./smollm3.js";

const BLUEPRINTS: readonly Blueprint[] = [
  gemma,
  gemma2,
  gemma3Text,
  gpt2,
  gptNeox,
  granite,
  llama,
  mistral,
  olmo2,
  phi3,
  qwen2,
  qwen3,
  smollm3,
];

const BY_MODEL_TYPE: ReadonlyMap<string, Blueprint> = new Map(
  BLUEPRINTS.map((blueprint) => [blueprint.modelType, blueprint]),
);

/** Blueprint of a model_type, if there is one. */
export function blueprintOf(modelType: string): Blueprint | undefined {
  return BY_MODEL_TYPE.get(modelType);
}

/** Every model_type with a blueprint, sorted. */
export function modelTypes(): readonly string[] {
  return [...BY_MODEL_TYPE.keys()].sort();
}
