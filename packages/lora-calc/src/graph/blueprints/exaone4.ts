/** EXAONE 4: norms after the sublayers and on every query and key head; three of four layers slide. */

import type { Blueprint } from "../blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";

export const exaone4: Blueprint = {
  modelType: "exaone4",
  build: (config, context) =>
    llamaLike(
      {
        modelType: "exaone4",
        prefix: "Exaone4",
        defaults: {
          vocabSize: 102400,
          hiddenSize: 4096,
          intermediateSize: 16384,
          layers: 32,
          heads: 32,
        },
        tied: config.boolean("tie_word_embeddings", false),
        normPosition: "after",
        queryKeyNorm: "head",
        isCountedOnly: true,
      },
      config,
      context,
    ),
};
