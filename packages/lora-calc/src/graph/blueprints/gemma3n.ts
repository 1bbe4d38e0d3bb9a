/** Gemma 3n: sees with a MobileNet and hears with a conformer. */

import { gemma3nAudio, gemma3nEmbedder } from "../blocks/gemma3n-audio.js";
import { mobileNetV5 } from "../blocks/mobilenet-v5.js";
import { visionLanguage } from "../blocks/vision-language.js";
import type { Blueprint } from "../tree/blueprint.js";
import { gemma3nParts } from "./gemma3n-text.js";

export const gemma3n: Blueprint = {
  modelType: "gemma3n",
  build: (config, context) => {
    const language = gemma3nParts(config.nested("text_config"), context);
    const vision = config.nested("vision_config");
    const audio = config.nested("audio_config");
    const { hiddenSize } = language;
    return visionLanguage(
      {
        modelType: "gemma3n",
        prefix: "Gemma3n",
        vision: [mobileNetV5(vision)],
        language,
        behind: [
          gemma3nAudio(audio),
          gemma3nEmbedder("embed_vision", vision, { width: 2048, hiddenSize }),
          gemma3nEmbedder("embed_audio", audio, { width: 1536, hiddenSize }),
        ],
        textOnly: { senses: ["embed_vision", "embed_audio"] },
        tied: config.boolean("tie_word_embeddings", true),
      },
      config,
      context,
    );
  },
};
