/** Idefics3 and SmolVLM: squares of neighbouring patches, joined and projected to llama's width. */

import { idefics3Vision } from "../blocks/clip-like.js";
import { visionLanguage } from "../blocks/vision-language.js";
import type { Blueprint } from "../tree/blueprint.js";
import { container, linear } from "../tree/vocabulary.js";
import { languagePart } from "./language-part.js";

export const idefics3 = joinedPatches("idefics3", "Idefics3");
export const smolvlm = joinedPatches("smolvlm", "SmolVLM");

function joinedPatches(modelType: string, prefix: string): Blueprint {
  return {
    modelType,
    build: (config, context) => {
      const vision = config.nested("vision_config");
      const language = languagePart(config, { model_type: "llama" });
      const joined = vision.size("hidden_size", 1152) * config.size("scale_factor", 2) ** 2;
      return visionLanguage(
        {
          modelType,
          prefix,
          vision: [
            idefics3Vision("vision_model", prefix, vision),
            container("connector", `${prefix}Connector`, {
              children: [
                container("modality_projection", `${prefix}SimpleMLP`, {
                  children: [linear("proj", joined, language.hiddenSize)],
                }),
              ],
            }),
          ],
          languageName: "text_model",
          language,
          textOnly: {},
          tied: config.boolean("tie_word_embeddings", false),
        },
        config,
        context,
      );
    },
  };
}
