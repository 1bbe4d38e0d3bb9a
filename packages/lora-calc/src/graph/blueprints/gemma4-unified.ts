/** Gemma 4 12B: pictures and sound go into the language model without towers of their own. */

import type { Config } from "../../model/config.js";
import { gemma4Embedder } from "../blocks/gemma4-towers.js";
import { renamedClasses } from "../blocks/renamed-classes.js";
import { visionLanguage } from "../blocks/vision-language.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, layerNorm, linear } from "../tree/vocabulary.js";
import { gemma4UnifiedParts } from "./gemma4-text.js";

const PREFIX = "Gemma4Unified";

export const gemma4Unified: Blueprint = {
  modelType: "gemma4_unified",
  build: (config, context) => {
    const language = gemma4UnifiedParts(config.nested("text_config"));
    const { hiddenSize } = language;
    const audio = config.nested("audio_config");
    return visionLanguage(
      {
        modelType: "gemma4_unified",
        prefix: PREFIX,
        vision: [],
        language,
        behind: [
          ...(config.has("vision_config")
            ? [visionEmbedder(config.nested("vision_config"), hiddenSize)]
            : []),
          ...(config.has("audio_config")
            ? [embedder("embed_audio", audio.size("audio_embed_dim", 640), hiddenSize)]
            : []),
        ],
        tied: config.boolean("tie_word_embeddings", true),
      },
      config,
      context,
    );
  },
};

/** Raw patches of a picture, projected, with a learned position for each axis. */
function visionEmbedder(config: Config, hiddenSize: number): ModuleNode {
  const side = config.size("patch_size", 16) * config.size("pooling_kernel_size", 3);
  const width = config.size("mm_embed_dim", 3840);
  return container("embed_vision", `${PREFIX}VisionEmbedder`, {
    parameters: [{ name: "pos_embedding", shape: [config.size("mm_posemb_size", 1120), 2, width] }],
    children: [
      layerNorm("patch_ln1", 3 * side ** 2),
      linear("patch_dense", 3 * side ** 2, width, { bias: true }),
      layerNorm("patch_ln2", width),
      layerNorm("pos_norm", width),
      embedder("multimodal_embedder", config.size("output_proj_dims", 3840), hiddenSize),
    ],
  });
}

function embedder(name: string, from: number, to: number): ModuleNode {
  return renamedClasses(gemma4Embedder(name, from, to), "Gemma4", PREFIX);
}
