/** CLIP and SigLIP: a model of text and a model of images that meet in one space. */

import type { Config } from "../../model/config.js";
import { clipText, clipVision, siglipText, siglipVision } from "../blocks/clip-like.js";
import { modelOfClass } from "../blocks/model-classes.js";
import type { ModelClasses } from "../blocks/model-classes.js";
import { labelCount } from "../blocks/task-heads.js";
import type { Blueprint } from "../tree/blueprint.js";
import { linear } from "../tree/vocabulary.js";

const WORDS = "text_model.embeddings.token_embedding";
const PATCHES = "vision_model.embeddings.patch_embedding";

export const clip: Blueprint = {
  modelType: "clip",
  build: (config, context) => {
    const text = config.nested("text_config");
    const vision = config.nested("vision_config");
    const shared = config.size("projection_dim", 512);
    return modelOfClass(
      {
        modelType: "clip",
        usual: "CLIPModel",
        classOfTask: { FEATURE_EXTRACTION: "CLIPModel" },
        sizes: sizesOf(text, 512),
        classes: {
          CLIPModel: () => ({
            parameters: [{ name: "logit_scale", shape: [] }],
            children: [
              clipText(text),
              clipVision("vision_model", vision),
              linear("visual_projection", vision.size("hidden_size", 768), shared),
              linear("text_projection", text.size("hidden_size", 512), shared),
            ],
          }),
          CLIPForImageClassification: () => ({
            children: [clipVision("vision_model", vision), classifier(vision, config)],
          }),
        },
      },
      context,
    );
  },
};

export const siglip: Blueprint = {
  modelType: "siglip",
  build: (config, context) => {
    const text = config.nested("text_config");
    const vision = config.nested("vision_config");
    return modelOfClass(
      {
        modelType: "siglip",
        usual: "SiglipModel",
        classOfTask: { FEATURE_EXTRACTION: "SiglipModel" },
        sizes: sizesOf(text, 768),
        classes: {
          SiglipModel: () => ({
            parameters: [
              { name: "logit_scale", shape: [1] },
              { name: "logit_bias", shape: [1] },
            ],
            children: [siglipText(text), siglipVision("vision_model", vision)],
            inputEmbedding: WORDS,
          }),
          SiglipForImageClassification: () => ({
            children: [siglipVision("vision_model", vision), classifier(vision, config)],
            inputEmbedding: PATCHES,
          }),
        },
      },
      context,
    );
  },
};

function classifier(vision: Config, config: Config) {
  const width = vision.size("hidden_size", 768);
  return linear("classifier", width, labelCount(config), { bias: true });
}

function sizesOf(text: Config, usualWidth: number): ModelClasses["sizes"] {
  const hiddenSize = text.size("hidden_size", usualWidth);
  const layers = text.layerCount("num_hidden_layers", 12);
  return { layers, hiddenSize, keyValueSize: hiddenSize };
}
