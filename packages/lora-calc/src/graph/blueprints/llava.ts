/** LLaVA, PaliGemma and Mistral 3: a published tower, a projector, a published language model. */

import type { Config } from "../../model/config.js";
import { activationOf } from "../blocks/mlp.js";
import { visionLanguage } from "../blocks/vision-language.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, linear, rmsNorm } from "../tree/vocabulary.js";
import { languagePart } from "./language-part.js";
import { featureLayers, visionPart } from "./vision-part.js";

/** Source of these: transformers, the configuration classes' `__post_init__`. */
const LLAVA_VISION = {
  model_type: "clip_vision_model",
  intermediate_size: 4096,
  hidden_size: 1024,
  patch_size: 14,
  image_size: 336,
  num_hidden_layers: 24,
  num_attention_heads: 16,
};
const PALIGEMMA_VISION = {
  model_type: "siglip_vision_model",
  intermediate_size: 4096,
  hidden_size: 1152,
  patch_size: 14,
  image_size: 224,
  num_hidden_layers: 27,
  num_attention_heads: 16,
  vision_use_head: false,
};
const PALIGEMMA_TEXT = {
  model_type: "gemma",
  hidden_size: 2048,
  num_hidden_layers: 18,
  intermediate_size: 16384,
  num_attention_heads: 8,
  num_key_value_heads: 1,
};
const MISTRAL3_VISION = {
  model_type: "pixtral",
  intermediate_size: 4096,
  hidden_size: 1024,
  patch_size: 14,
  image_size: 1540,
  num_hidden_layers: 24,
  num_attention_heads: 16,
};
const MISTRAL3_TEXT = {
  model_type: "mistral",
  head_dim: 128,
  hidden_size: 5120,
  intermediate_size: 32768,
  num_attention_heads: 32,
  num_hidden_layers: 40,
  num_key_value_heads: 8,
  sliding_window: null,
  vocab_size: 131072,
};

export const llava: Blueprint = {
  modelType: "llava",
  build: (config, context) => {
    const language = languagePart(config, { model_type: "llama" });
    const { tower, width } = visionPart(config, LLAVA_VISION);
    const bias = config.boolean("multimodal_projector_bias", true);
    return visionLanguage(
      {
        modelType: "llava",
        prefix: "Llava",
        vision: [
          tower,
          container("multi_modal_projector", "LlavaMultiModalProjector", {
            children: twoLayers(config, width * featureLayers(config), language.hiddenSize, bias),
          }),
        ],
        language,
        textOnly: {},
        tied: config.boolean("tie_word_embeddings", false) || language.tied,
      },
      config,
      context,
    );
  },
};

export const paligemma: Blueprint = {
  modelType: "paligemma",
  build: (config, context) => {
    const { tower, width } = visionPart(config, PALIGEMMA_VISION);
    const vocab_size = config.size("vocab_size", 257152);
    const projected = config.size("projection_dim", 2048);
    const language = languagePart(config, { ...PALIGEMMA_TEXT, vocab_size });
    const picture = config.size(["image_token_index", "image_token_id"], 256_000);
    return visionLanguage(
      {
        modelType: "paligemma",
        prefix: "PaliGemma",
        vision: [
          tower,
          container("multi_modal_projector", "PaliGemmaMultiModalProjector", {
            children: [linear("linear", width, projected, { bias: true })],
          }),
        ],
        language,
        textOnly: {
          makesMasks: true,
          countsFrom: 1,
          ...(picture >= language.vocabSize ? { replacesTokens: true } : {}),
        },
        tied: config.boolean("tie_word_embeddings", true),
      },
      config,
      context,
    );
  },
};

export const mistral3: Blueprint = {
  modelType: "mistral3",
  build: (config, context) => {
    const language = languagePart(config, MISTRAL3_TEXT);
    const { tower, width } = visionPart(config, MISTRAL3_VISION);
    const merged = width * config.size("spatial_merge_size", 2) ** 2;
    const bias = config.boolean("multimodal_projector_bias", false);
    return visionLanguage(
      {
        modelType: "mistral3",
        prefix: "Mistral3",
        vision: [
          tower,
          container("multi_modal_projector", "Mistral3MultiModalProjector", {
            children: [
              rmsNorm("norm", "Mistral3RMSNorm", width),
              container("patch_merger", "Mistral3PatchMerger", {
                children: [linear("merging_layer", merged, width)],
              }),
              ...twoLayers(config, width * featureLayers(config), language.hiddenSize, bias),
            ],
          }),
        ],
        language,
        textOnly: {},
        tied: config.boolean("tie_word_embeddings", true),
      },
      config,
      context,
    );
  },
};

function twoLayers(config: Config, from: number, to: number, bias: boolean): readonly ModuleNode[] {
  return [
    linear("linear_1", from, to, { bias }),
    activationOf("act", config, "projector_hidden_act", "gelu"),
    linear("linear_2", to, to, { bias }),
  ];
}
