/** BLOOM: queries, keys and values in one projection, a norm behind the embedding, ALiBi instead of positions. Counted. */

import type { Blueprint } from "../tree/blueprint.js";
import { languageModel } from "../blocks/language-model.js";
import { container, embedding, layerNorm, leaf, linear, repeated } from "../tree/vocabulary.js";

export const bloom: Blueprint = {
  modelType: "bloom",
  build: (config, context) => {
    const hiddenSize = config.size(["hidden_size", "n_embed"], 64);
    const vocabSize = config.size("vocab_size", 250880);
    const layer = container("0", "BloomBlock", {
      children: [
        layerNorm("input_layernorm", hiddenSize),
        container("self_attention", "BloomAttention", {
          children: [
            linear("query_key_value", hiddenSize, 3 * hiddenSize, { bias: true }),
            linear("dense", hiddenSize, hiddenSize, { bias: true }),
            leaf("attention_dropout", "Dropout"),
          ],
        }),
        layerNorm("post_attention_layernorm", hiddenSize),
        container("mlp", "BloomMLP", {
          children: [
            linear("dense_h_to_4h", hiddenSize, 4 * hiddenSize, { bias: true }),
            leaf("gelu_impl", "BloomGelu"),
            linear("dense_4h_to_h", 4 * hiddenSize, hiddenSize, { bias: true }),
          ],
        }),
      ],
    });
    return languageModel(
      {
        modelType: "bloom",
        prefix: "Bloom",
        backbone: "transformer",
        tokenClassifier: "classifier",
        hiddenSize,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", true),
        forward: { kind: "decoder", tokenEmbedding: "word_embeddings", layers: "h" },
        children: [
          embedding("word_embeddings", vocabSize, hiddenSize),
          layerNorm("word_embeddings_layernorm", hiddenSize),
          repeated("h", config.layerCount(["num_hidden_layers", "n_layer"], 2), layer),
          layerNorm("ln_f", hiddenSize),
        ],
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};
