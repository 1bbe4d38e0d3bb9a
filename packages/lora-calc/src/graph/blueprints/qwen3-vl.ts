/** Qwen3-VL: what some blocks of the vision transformer see in between goes to the language model too. */

import type { Config } from "../../model/config.js";
import { ROUTED, topKRouter } from "../blocks/experts.js";
import { llamaParts } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import { sparseLayers } from "../blocks/qwen-experts.js";
import { qwen3Vision } from "../blocks/qwen-vision.js";
import { visionLanguage } from "../blocks/vision-language.js";
import type { Blueprint, BuildContext } from "../tree/blueprint.js";
import type { ModuleGraph } from "../tree/module-graph.js";

export const qwen3Vl: Blueprint = {
  modelType: "qwen3_vl",
  build: (config, context) => {
    const family: LlamaLike = {
      ...attention("Qwen3VL", config.nested("text_config")),
      modelType: "qwen3_vl_text",
      defaults: {
        vocabSize: 151936,
        hiddenSize: 4096,
        intermediateSize: 22016,
        layers: 32,
        heads: 32,
        keyValueHeads: 32,
        headDim: 128,
      },
    };
    return assemble({ modelType: "qwen3_vl", prefix: "Qwen3VL", family }, config, context);
  },
};

export const qwen3VlMoe: Blueprint = {
  modelType: "qwen3_vl_moe",
  build: (config, context) => {
    const text = config.nested("text_config");
    const routing = topKRouter(text, context, { chosen: 4, normalizes: true });
    const family: LlamaLike = {
      ...attention("Qwen3VLMoe", text),
      modelType: "qwen3_vl_moe_text",
      defaults: {
        vocabSize: 151936,
        hiddenSize: 2048,
        intermediateSize: 5632,
        layers: 24,
        heads: 16,
        keyValueHeads: 16,
      },
      ...sparseLayers(
        text,
        context,
        {
          ...{ prefix: "Qwen3VLMoeText", experts: 60, width: 1408 },
          forward: routing === undefined ? undefined : { block: ROUTED, router: routing },
        },
        (parts) => [parts.experts, parts.gate],
      ),
      ...(routing === undefined ? { isCountedOnly: true } : {}),
    };
    return assemble({ modelType: "qwen3_vl_moe", prefix: "Qwen3VLMoe", family }, config, context);
  },
};

function attention(prefix: string, text: Config) {
  return {
    prefix: `${prefix}Text`,
    backboneType: `${prefix}TextModel`,
    attentionBias: text.boolean("attention_bias", false),
    queryKeyNorm: "head",
    tied: false,
    rotaryGrid: "interleaved",
  } as const;
}

interface Qwen3Vl {
  readonly modelType: string;
  readonly prefix: string;
  readonly family: LlamaLike;
}

function assemble(
  { modelType, prefix, family }: Qwen3Vl,
  config: Config,
  context: BuildContext,
): ModuleGraph {
  return visionLanguage(
    {
      modelType,
      prefix,
      vision: [qwen3Vision(prefix, config.nested("vision_config"), true)],
      language: llamaParts(family, config.nested("text_config")),
      textOnly: {},
      tied: config.boolean("tie_word_embeddings", false),
    },
    config,
    context,
  );
}
