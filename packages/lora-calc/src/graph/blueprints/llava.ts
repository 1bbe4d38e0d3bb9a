/** LLaVA, PaliGemma and Mistral 3: a published tower, a projector, a published language model. */

import type { Config } from "../../model/config.js";
import { activationOf } from "../blocks/mlp.js";
import { visionLanguage } from "../blocks/vision-language.js";
import type { Blueprint } from "../blueprint.js";
import type { ModuleNode } from "../module-graph.js";
import { container, linear, rmsNorm } from "../vocabulary.js";
import { languagePart } from "./language-part.js";
import { featureLayers, visionPart, visionWidth } from "./vision-part.js";

export const llava: Blueprint = {
  modelType: "llava",
  build: (config, context) => {
    const language = languagePart(config, "llama");
    const width = visionWidth(config, "clip_vision_model") * featureLayers(config);
    const bias = config.boolean("multimodal_projector_bias", true);
    return visionLanguage(
      {
        modelType: "llava",
        prefix: "Llava",
        vision: [
          visionPart(config, "clip_vision_model"),
          container("multi_modal_projector", "LlavaMultiModalProjector", {
            children: twoLayers(config, width, language.hiddenSize, bias),
          }),
        ],
        language,
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
    const width = visionWidth(config, "siglip_vision_model");
    const projected = config.size("projection_dim", 2048);
    return visionLanguage(
      {
        modelType: "paligemma",
        prefix: "PaliGemma",
        vision: [
          visionPart(config, "siglip_vision_model"),
          container("multi_modal_projector", "PaliGemmaMultiModalProjector", {
            children: [linear("linear", width, projected, { bias: true })],
          }),
        ],
        language: languagePart(config, "gemma"),
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
    const language = languagePart(config, "mistral");
    const width = visionWidth(config, "pixtral");
    const merged = width * config.size("spatial_merge_size", 2) ** 2;
    const bias = config.boolean("multimodal_projector_bias", false);
    return visionLanguage(
      {
        modelType: "mistral3",
        prefix: "Mistral3",
        vision: [
          visionPart(config, "pixtral"),
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
