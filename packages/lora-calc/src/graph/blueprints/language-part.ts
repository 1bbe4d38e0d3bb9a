/** The language part of a model that sees, where its configuration names the family. */

import type { Config } from "../../model/config.js";
import type { JsonObject } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { LanguageModelParts } from "../blocks/language-model-parts.js";
import { llamaParts } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import { gemmaFamily } from "./gemma.js";
import { gemma2Family } from "./gemma2.js";
import { llamaFamily } from "./llama.js";
import { mistralFamily } from "./mistral.js";
import { ministral3Family } from "./ministral3.js";
import { qwen2Family } from "./qwen2.js";
import { qwen3Family } from "./qwen3.js";

const FAMILIES: ReadonlyMap<string, (config: Config) => LlamaLike> = new Map([
  ["gemma", gemmaFamily],
  ["gemma2", gemma2Family],
  ["llama", llamaFamily],
  ["ministral3", ministral3Family],
  ["mistral", mistralFamily],
  ["qwen2", qwen2Family],
  ["qwen3", qwen3Family],
]);

/** Reads `text_config`, whose model_type may be left out. `usual` is what the class takes without one. */
export function languagePart(
  config: Config,
  usual: JsonObject & { readonly model_type: string },
): LanguageModelParts {
  const text = config.nested("text_config", usual);
  const modelType = text.string("model_type", usual.model_type);
  const family = FAMILIES.get(modelType);
  if (family !== undefined) return llamaParts(family(text), text);
  reject({
    code: "unsupported",
    path: text.fields.at("model_type"),
    message: `a language part of model_type ${modelType} is not computed; known are ${[...FAMILIES.keys()].join(", ")}`,
    received: modelType,
    expected: [...FAMILIES.keys()],
  });
}
