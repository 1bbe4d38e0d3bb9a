/** BLOOM: queries, keys and values in one projection, a norm behind the embedding, ALiBi instead of positions. */

import type { Blueprint } from "../tree/blueprint.js";
import { languageModel } from "../blocks/language-model.js";
import { container, embedding, layerNorm, leaf, linear, repeated } from "../tree/vocabulary.js";

export const bloom: Blueprint = {
  modelType: "bloom",
  build: (config, context) => {
    const hiddenSize = config.size(["hidden_size", "n_embed"], 64);
    const vocabSize = config.size("vocab_size", 250880);
    const heads = config.size(["n_head", "num_attention_heads"], 8);
    const dropout = config.number("hidden_dropout", 0);
    const isPlain =
      hiddenSize % heads === 0 &&
      (config.size("pretraining_tp", 1) === 1 || !config.boolean("slow_but_exact", false));
    const layer = container("0", "BloomBlock", {
      forward: {
        kind: "alibi_layer",
        ...{ attentionNorm: "input_layernorm", attention: "self_attention" },
        ...{ mlpNorm: "post_attention_layernorm", mlp: "mlp" },
        addsNormed: config.boolean("apply_residual_connection_post_layernorm", false),
      },
      children: [
        layerNorm("input_layernorm", hiddenSize),
        container("self_attention", "BloomAttention", {
          forward: {
            kind: "alibi_attention",
            ...{ fused: "query_key_value", output: "dense", heads, keyValueHeads: heads },
            headDim: hiddenSize / heads,
            attentionDropout: config.number("attention_dropout", 0),
            outputDropout: dropout,
          },
          children: [
            linear("query_key_value", hiddenSize, 3 * hiddenSize, { bias: true }),
            linear("dense", hiddenSize, hiddenSize, { bias: true }),
            leaf("attention_dropout", "Dropout"),
          ],
        }),
        layerNorm("post_attention_layernorm", hiddenSize),
        container("mlp", "BloomMLP", {
          forward: {
            kind: "adding_mlp",
            ...{ up: "dense_h_to_4h", activationName: "gelu_impl", down: "dense_4h_to_h", dropout },
          },
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
        hasOwnHeads: true,
        hiddenDropout: 0,
        backbone: "transformer",
        tokenClassifier: "classifier",
        hiddenSize,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", true),
        forward: {
          kind: "alibi_decoder",
          ...{ tokenEmbedding: "word_embeddings", embeddingNorm: "word_embeddings_layernorm" },
          ...{ layers: "h", finalNorm: "ln_f", heads },
        },
        children: [
          embedding("word_embeddings", vocabSize, hiddenSize),
          layerNorm("word_embeddings_layernorm", hiddenSize),
          repeated("h", config.layerCount(["num_hidden_layers", "n_layer"], 2), layer),
          layerNorm("ln_f", hiddenSize),
        ],
        isCountedOnly: !isPlain,
      },
      config,
      context,
    );
  },
};
