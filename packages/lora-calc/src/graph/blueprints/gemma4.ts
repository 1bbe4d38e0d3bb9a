/** Gemma 4 that sees, and in its small sizes hears. */

import { gemma4Audio, gemma4Embedder, gemma4Vision } from "../blocks/gemma4-towers.js";
import { visionLanguage } from "../blocks/vision-language.js";
import type { Blueprint } from "../tree/blueprint.js";
import { gemma4Parts } from "./gemma4-text.js";

/** Pictures, videos and sounds. */
const PLACEHOLDERS = 3;

export const gemma4: Blueprint = {
  modelType: "gemma4",
  build: (config, context) => {
    const language = gemma4Parts(config.nested("text_config"));
    const { hiddenSize } = language;
    const vision = config.has("vision_config") ? config.nested("vision_config") : undefined;
    const audio = config.has("audio_config") ? config.nested("audio_config") : undefined;
    return visionLanguage(
      {
        modelType: "gemma4",
        prefix: "Gemma4",
        vision: vision === undefined ? [] : [gemma4Vision(vision)],
        language,
        behind: [
          ...(audio === undefined ? [] : [gemma4Audio(audio)]),
          ...(vision === undefined
            ? []
            : [gemma4Embedder("embed_vision", vision.size("hidden_size", 768), hiddenSize)]),
          ...(audio === undefined
            ? []
            : [gemma4Embedder("embed_audio", audio.size("output_proj_dims", 1536), hiddenSize)]),
        ],
        tied: config.boolean("tie_word_embeddings", true),
        textOnly: { makesMasks: true, countsFrom: 0, placeholders: PLACEHOLDERS },
      },
      config,
      context,
    );
  },
};
