/** What of the blueprints holds for transformers 4.57, too. */

import type { JsonObject } from "../../problem/fields.js";

/**
 * model_types whose modules and ties are the same there, or whose blueprint builds both. The others have other modules under
 * 4.57 (vit, dinov2, swin, t5, llava, gpt_neox), other rules of tying, or came later.
 *
 * Source: the trees of transformers 4.57.6 beside those of 5.18.0, of every small model in conformance/families.
 */
const IN_TRANSFORMERS_4: ReadonlySet<string> = new Set([
  ...["albert", "arcee", "bart", "bert", "bloom", "camembert"],
  ...["clip", "codegen", "cohere", "cohere2", "deberta-v2", "deepseek_v2"],
  ...["deepseek_v3", "distilbert", "dots1", "electra", "ernie4_5", "ernie4_5_moe"],
  ...["exaone4", "falcon", "falcon_h1", "gemma", "gemma2", "gemma3_text"],
  ...["glm", "glm4", "glm4_moe", "gpt2", "gpt_bigcode", "gpt_neo"],
  ...["gpt_oss", "gptj", "granite", "helium", "lfm2", "llama"],
  ...["m2m_100", "mamba", "mamba2", "mistral"],
  ...["mixtral", "modernbert", "mpt", "nemotron", "olmo", "olmo2"],
  ...["olmo3", "olmoe", "opt", "phi", "phi3", "phimoe"],
  ...["qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "roberta", "seed_oss"],
  ...["smollm3", "stablelm", "starcoder2", "whisper", "xlm-roberta"],
]);

/** Of these, transformers 4 ties biases or tables whatever `tie_word_embeddings` says. */
const TIES_ALWAYS: ReadonlySet<string> = new Set([
  ...["albert", "bart", "bert", "camembert", "deberta-v2", "m2m_100", "roberta", "xlm-roberta"],
]);

export function isInTransformers4(modelType: string, config: JsonObject): boolean {
  if (config["tie_word_embeddings"] === false && TIES_ALWAYS.has(modelType)) return false;
  return IN_TRANSFORMERS_4.has(modelType);
}
