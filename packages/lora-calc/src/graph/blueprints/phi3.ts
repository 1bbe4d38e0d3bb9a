/** Phi-3, Phi-3.5, Phi-4: fused qkv_proj and gate_up_proj, so targets named q_proj match nothing. */

import type { Blueprint } from "../tree/blueprint.js";
import { activation } from "../blocks/activation.js";
import { languageModel, USUAL_DECODER } from "../blocks/language-model.js";
import { fusedGatedMlp } from "../blocks/mlp.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import { container, embedding, leaf, linear, repeated, rmsNorm } from "../tree/vocabulary.js";

export const phi3: Blueprint = {
  modelType: "phi3",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 3072);
    const heads = config.size("num_attention_heads", 32);
    const keyValueHeads = config.optionalSize("num_key_value_heads") ?? heads;
    const headDim =
      config.optionalSize("head_dim") ?? config.divide("hidden_size", hiddenSize, heads);
    const vocabSize = config.size("vocab_size", 32064);
    const residualDropout = config.number("resid_pdrop", 0);
    const slidingWindow = config.optionalSize("sliding_window");
    const rotaryDim = Math.floor(headDim * config.number("partial_rotary_factor", 1));
    const attention = container("self_attn", "Phi3Attention", {
      forward: {
        kind: "attention",
        projections: { kind: "fused_slices", fused: "qkv_proj" },
        output: "o_proj",
        heads,
        keyValueHeads,
        headDim,
        rotary: "partial_inline",
        rotaryDim,
        attentionDropout: config.number("attention_dropout", 0),
        ...(slidingWindow === undefined ? {} : { slidingWindow }),
      },
      children: [
        linear("o_proj", heads * headDim, hiddenSize),
        linear("qkv_proj", hiddenSize, (heads + 2 * keyValueHeads) * headDim),
      ],
    });
    const layer = container("0", "Phi3DecoderLayer", {
      forward: {
        kind: "decoder_layer",
        attention: "self_attn",
        mlp: "mlp",
        preAttentionNorm: "input_layernorm",
        preMlpNorm: "post_attention_layernorm",
        residualDropout,
      },
      children: [
        attention,
        fusedGatedMlp({
          type: "Phi3MLP",
          hiddenSize,
          intermediateSize: config.size("intermediate_size", 8192),
          activation: activation(config, "hidden_act", "silu"),
        }),
        rmsNorm("input_layernorm", "Phi3RMSNorm", hiddenSize),
        rmsNorm("post_attention_layernorm", "Phi3RMSNorm", hiddenSize),
        leaf("resid_attn_dropout", "Dropout"),
        leaf("resid_mlp_dropout", "Dropout"),
      ],
    });
    return languageModel(
      {
        modelType: "phi3",
        prefix: "Phi3",
        taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
        backbone: "model",
        hiddenSize,
        keyValueSize: keyValueHeads * headDim,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", false),
        forward: USUAL_DECODER,
        children: [
          embedding("embed_tokens", vocabSize, hiddenSize),
          repeated("layers", config.layerCount("num_hidden_layers", 32), layer),
          rmsNorm("norm", "Phi3RMSNorm", hiddenSize),
          rotaryEmbedding("Phi3RotaryEmbedding", rotaryDim),
        ],
      },
      config,
      context,
    );
  },
};
