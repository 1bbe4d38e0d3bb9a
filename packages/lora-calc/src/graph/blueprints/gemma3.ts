/** Gemma 3 that sees (4B, 12B, 27B): SigLIP in front of the text model. */

import { llamaParts } from "../blocks/llama-like.js";
import { siglipVision } from "../blocks/clip-like.js";
import { visionLanguage } from "../blocks/vision-language.js";
import type { Blueprint } from "../tree/blueprint.js";
import { container, leaf, rmsNorm } from "../tree/vocabulary.js";
import { gemma3Family } from "./gemma3-text.js";

export const gemma3: Blueprint = {
  modelType: "gemma3",
  build: (config, context) => {
    const text = config.nested("text_config");
    const vision = config.nested("vision_config");
    const language = llamaParts(gemma3Family(text), text);
    const imageToken = config.number(["image_token_id", "image_token_index"], 262144);
    const width = vision.size("hidden_size", 768);
    const projector = container("multi_modal_projector", "Gemma3MultiModalProjector", {
      parameters: [{ name: "mm_input_projection_weight", shape: [width, language.hiddenSize] }],
      children: [
        rmsNorm("mm_soft_emb_norm", "Gemma3RMSNorm", width),
        leaf("avg_pool", "AvgPool2d"),
      ],
    });
    return visionLanguage(
      {
        modelType: "gemma3",
        prefix: "Gemma3",
        vision: [siglipVision("vision_tower", vision), projector],
        language,
        tied: config.boolean("tie_word_embeddings", true),
        classifies: true,
        textOnly: { makesMasks: true, replacesTokens: imageToken >= language.vocabSize },
      },
      config,
      context,
    );
  },
};
