/** GPT-NeoX, Pythia, Dolly: fused query_key_value, attention and MLP in parallel by default. */

import type { Blueprint } from "../tree/blueprint.js";
import { activation } from "../blocks/activation.js";
import { languageModel } from "../blocks/language-model.js";
import { activationModule } from "../blocks/mlp.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import { container, embedding, layerNorm, leaf, linear, repeated } from "../tree/vocabulary.js";

export const gptNeox: Blueprint = {
  modelType: "gpt_neox",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 6144);
    const heads = config.size("num_attention_heads", 64);
    const headDim = config.divide("hidden_size", hiddenSize, heads);
    const intermediateSize = config.size("intermediate_size", 24576);
    const vocabSize = config.size("vocab_size", 50432);
    const bias = config.boolean("attention_bias", true);
    const dropout = config.number("hidden_dropout", 0);
    const parameters = config.nested("rope_parameters");
    const factor = parameters.has("partial_rotary_factor")
      ? parameters.number("partial_rotary_factor", 1)
      : config.number(["rotary_pct", "partial_rotary_factor"], 0.25);
    const rotaryDim = Math.floor(headDim * factor);
    const act = activation(config, "hidden_act", "gelu");
    const attention = container("attention", "GPTNeoXAttention", {
      forward: {
        kind: "attention",
        projections: { kind: "fused_per_head", fused: "query_key_value" },
        output: "dense",
        heads,
        keyValueHeads: heads,
        headDim,
        rotary: "partial",
        rotaryDim,
        attentionDropout: config.number("attention_dropout", 0),
      },
      children: [
        linear("query_key_value", hiddenSize, 3 * hiddenSize, { bias }),
        linear("dense", hiddenSize, hiddenSize, { bias }),
      ],
    });
    const layer = container("0", "GPTNeoXLayer", {
      forward: {
        kind: "decoder_layer",
        attention: "attention",
        mlp: "mlp",
        preAttentionNorm: "input_layernorm",
        preMlpNorm: "post_attention_layernorm",
        parallel: config.boolean("use_parallel_residual", true),
        residualDropout: dropout,
      },
      children: [
        layerNorm("input_layernorm", hiddenSize),
        layerNorm("post_attention_layernorm", hiddenSize),
        leaf("post_attention_dropout", "Dropout"),
        leaf("post_mlp_dropout", "Dropout"),
        attention,
        container("mlp", "GPTNeoXMLP", {
          forward: { kind: "mlp", up: "dense_h_to_4h", down: "dense_4h_to_h", activation: act },
          children: [
            linear("dense_h_to_4h", hiddenSize, intermediateSize, { bias: true }),
            linear("dense_4h_to_h", intermediateSize, hiddenSize, { bias: true }),
            activationModule("act", act),
          ],
        }),
      ],
    });
    return languageModel(
      {
        modelType: "gpt_neox",
        prefix: "GPTNeoX",
        hasOwnHeads: true,
        classifierDropout: 0.1,
        backbone: "gpt_neox",
        questionAnsweringBackbone: "gpt_neox",
        tokenClassifier: "classifier",
        hiddenSize,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", false),
        forward: {
          kind: "decoder",
          tokenEmbedding: "embed_in",
          embeddingDropout: dropout,
          rotary: "rotary_emb",
          layers: "layers",
          finalNorm: "final_layer_norm",
        },
        children: [
          embedding("embed_in", vocabSize, hiddenSize),
          leaf("emb_dropout", "Dropout"),
          repeated("layers", config.layerCount("num_hidden_layers", 44), layer),
          layerNorm("final_layer_norm", hiddenSize),
          rotaryEmbedding("GPTNeoXRotaryEmbedding", rotaryDim),
        ],
      },
      config,
      context,
    );
  },
};
