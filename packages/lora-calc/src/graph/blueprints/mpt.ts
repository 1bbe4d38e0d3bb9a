/** MPT: one projection for queries, keys and values, no bias anywhere, positions by ALiBi. */

import { languageModel } from "../blocks/language-model.js";
import type { Blueprint } from "../tree/blueprint.js";
import { container, embedding, layerNorm, leaf, linear, repeated } from "../tree/vocabulary.js";

export const mpt: Blueprint = {
  modelType: "mpt",
  build: (config, context) => {
    const hiddenSize = config.size(["d_model", "hidden_size"], 2048);
    const vocabSize = config.size("vocab_size", 50368);
    // The class ignores `expansion_ratio`.
    const innerSize = 4 * hiddenSize;
    const block = container("0", "MptBlock", {
      children: [
        layerNorm("norm_1", hiddenSize, { bias: false }),
        container("attn", "MptAttention", {
          children: [
            linear("Wqkv", hiddenSize, 3 * hiddenSize),
            linear("out_proj", hiddenSize, hiddenSize),
          ],
        }),
        layerNorm("norm_2", hiddenSize, { bias: false }),
        container("ffn", "MptMLP", {
          children: [
            linear("up_proj", hiddenSize, innerSize),
            leaf("act", "GELU"),
            linear("down_proj", innerSize, hiddenSize),
          ],
        }),
        leaf("resid_attn_dropout", "Dropout"),
      ],
    });
    return languageModel(
      {
        modelType: "mpt",
        prefix: "Mpt",
        hasOwnHeads: true,
        backbone: "transformer",
        tokenClassifier: "classifier",
        hiddenSize,
        notFound: ["num_attention_heads"],
        vocabSize,
        tied: config.boolean("tie_word_embeddings", true),
        forward: { kind: "decoder", tokenEmbedding: "wte", layers: "blocks" },
        children: [
          embedding("wte", vocabSize, hiddenSize),
          repeated("blocks", config.layerCount(["n_layers", "num_hidden_layers"], 24), block),
          layerNorm("norm_f", hiddenSize, { bias: false }),
        ],
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};
