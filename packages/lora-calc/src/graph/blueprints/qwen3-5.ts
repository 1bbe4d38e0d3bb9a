/** Qwen3.5 and 3.6: the attention of Qwen3-Next behind the eyes of Qwen3-VL, dense or with experts. */

import type { Config } from "../../model/config.js";
import { topKRouter } from "../blocks/experts.js";
import { isLinearLayer } from "../blocks/gated-delta-net.js";
import { languageModel } from "../blocks/language-model.js";
import type { LanguageModelParts } from "../blocks/language-model-parts.js";
import { llamaLike, llamaParts } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import { sharedExpert, sparseLayers, WITH_SHARED } from "../blocks/qwen-experts.js";
import { qwen3Vision } from "../blocks/qwen-vision.js";
import { visionLanguage } from "../blocks/vision-language.js";
import type { Blueprint, BuildContext } from "../tree/blueprint.js";
import type { ModuleGraph } from "../tree/module-graph.js";
import { mixedAttention } from "./qwen3-next.js";

const DENSE = "Qwen3_5";
const EXPERTS = "Qwen3_5Moe";

export const qwen35Text: Blueprint = {
  modelType: "qwen3_5_text",
  build: (config, context) => llamaLike(dense(config), config, context),
};

export const qwen35: Blueprint = {
  modelType: "qwen3_5",
  build: (config, context) => {
    const text = config.nested("text_config");
    return seeing("qwen3_5", llamaParts(dense(text), text), config, context);
  },
};

export const qwen35MoeText: Blueprint = {
  modelType: "qwen3_5_moe_text",
  build: (config, context) => llamaLike(experts(config, context), config, context),
};

export const qwen35Moe: Blueprint = {
  modelType: "qwen3_5_moe",
  build: (config, context) => {
    const text = config.nested("text_config");
    return seeing("qwen3_5_moe", llamaParts(experts(text, context), text), config, context);
  },
};

function dense(config: Config): LlamaLike {
  const isLinear = isLinearLayer(config);
  return {
    modelType: "qwen3_5_text",
    prefix: DENSE,
    taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
    backboneType: `${DENSE}TextModel`,
    rotaryType: `${DENSE}TextRotaryEmbedding`,
    defaults: {
      vocabSize: 248320,
      hiddenSize: 4096,
      intermediateSize: 12288,
      layers: 32,
      heads: 16,
      keyValueHeads: 4,
      headDim: 256,
    },
    ...mixedAttention(DENSE, config, "separate"),
    rotaryGrid: "interleaved",
    layerKey: (index) => `${isLinear(index)}`,
    tied: config.boolean("tie_word_embeddings", false),
  };
}

function experts(config: Config, context: BuildContext): LlamaLike {
  const isLinear = isLinearLayer(config);
  const routing = topKRouter(config, context, { chosen: 8, normalizes: true });
  const sparse = sparseLayers(
    config,
    context,
    {
      ...{ prefix: EXPERTS, experts: 256, width: 512 },
      forward: routing === undefined ? undefined : { block: WITH_SHARED, router: routing },
    },
    (parts, hiddenSize) => [
      parts.gate,
      parts.experts,
      ...sharedExpert(EXPERTS, config, hiddenSize, 512),
    ],
  );
  return {
    modelType: "qwen3_5_moe_text",
    prefix: EXPERTS,
    taskHeads: [],
    backboneType: `${EXPERTS}TextModel`,
    rotaryType: `${EXPERTS}TextRotaryEmbedding`,
    defaults: {
      vocabSize: 248320,
      hiddenSize: 2048,
      intermediateSize: 512,
      layers: 40,
      heads: 16,
      keyValueHeads: 2,
      headDim: 256,
    },
    ...mixedAttention(EXPERTS, config, "separate"),
    rotaryGrid: "interleaved",
    makeMlp: sparse.makeMlp,
    layerKey: (index) => `${isLinear(index)}`,
    tied: config.boolean("tie_word_embeddings", false),
    ...(routing === undefined ? { isCountedOnly: true } : {}),
  };
}

/** The causal class of the whole configuration is the language model alone, as AutoModelForCausalLM loads it. */
function seeing(
  modelType: string,
  language: LanguageModelParts,
  config: Config,
  context: BuildContext,
): ModuleGraph {
  const { prefix } = language;
  const causal = `${prefix}ForCausalLM`;
  if ((context.className ?? causal) === causal) {
    const text = config.nested("text_config");
    return languageModel(language, text, { ...context, className: causal });
  }
  const parts = {
    modelType,
    prefix,
    vision: [qwen3Vision(prefix, config.nested("vision_config"), false)],
    language,
    textOnly: {},
    tied: config.boolean("tie_word_embeddings", false),
  };
  return visionLanguage(parts, config, context);
}
