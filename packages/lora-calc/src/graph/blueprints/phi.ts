/** Phi-1, 1.5 and 2: attention and MLP side by side behind one LayerNorm, biases everywhere, also on the head. */

import { activation } from "../blocks/activation.js";
import type { Blueprint } from "../tree/blueprint.js";
import { languageModel, USUAL_DECODER } from "../blocks/language-model.js";
import { activationModule, plainMlp } from "../blocks/mlp.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import { container, embedding, layerNorm, leaf, linear, repeated } from "../tree/vocabulary.js";

export const phi: Blueprint = {
  modelType: "phi",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 2048);
    const vocabSize = config.size("vocab_size", 51200);
    const heads = config.size("num_attention_heads", 32);
    const keyValueHeads = config.optionalSize("num_key_value_heads") ?? heads;
    const headDim =
      config.optionalSize("head_dim") ?? config.divide("hidden_size", hiddenSize, heads);
    const norms = config.boolean("qk_layernorm", false) ? ["q_layernorm", "k_layernorm"] : [];
    const rotaryDim = Math.floor(headDim * config.number("partial_rotary_factor", 0.5));
    const residualDropout = config.number("resid_pdrop", 0);
    const layer = container("0", "PhiDecoderLayer", {
      forward: {
        kind: "decoder_layer",
        attention: "self_attn",
        mlp: "mlp",
        preAttentionNorm: "input_layernorm",
        parallel: true,
        sharesNorm: true,
        addsInputLast: true,
        residualDropout,
      },
      children: [
        container("self_attn", "PhiAttention", {
          forward: {
            kind: "attention",
            projections: { kind: "separate", query: "q_proj", key: "k_proj", value: "v_proj" },
            output: "dense",
            heads,
            keyValueHeads,
            headDim,
            attentionDropout: config.number("attention_dropout", 0),
            rotary: "partial_kept",
            rotaryDim,
          },
          children: [
            linear("q_proj", hiddenSize, heads * headDim, { bias: true }),
            linear("k_proj", hiddenSize, keyValueHeads * headDim, { bias: true }),
            linear("v_proj", hiddenSize, keyValueHeads * headDim, { bias: true }),
            linear("dense", heads * headDim, hiddenSize, { bias: true }),
            ...norms.map((name) => layerNorm(name, Math.floor(hiddenSize / heads))),
          ],
        }),
        plainMlp({
          type: "PhiMLP",
          ...{ up: "fc1", down: "fc2", bias: true, hiddenSize },
          intermediateSize: config.size("intermediate_size", 8192),
          activation: activationModule(
            "activation_fn",
            activation(config, "hidden_act", "gelu_new"),
          ),
          activationFirst: true,
          program: { activation: activation(config, "hidden_act", "gelu_new") },
        }),
        layerNorm("input_layernorm", hiddenSize),
        leaf("resid_dropout", "Dropout"),
      ],
    });
    return languageModel(
      {
        modelType: "phi",
        prefix: "Phi",
        taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
        backbone: "model",
        hiddenSize,
        keyValueSize: keyValueHeads * headDim,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", false),
        headBias: true,
        forward: {
          ...USUAL_DECODER,
          finalNorm: "final_layernorm",
          embeddingDropout: config.number("embd_pdrop", 0),
        },
        children: [
          embedding("embed_tokens", vocabSize, hiddenSize),
          repeated("layers", config.layerCount("num_hidden_layers", 24), layer),
          rotaryEmbedding("PhiRotaryEmbedding", rotaryDim),
          leaf("embed_dropout", "Dropout"),
          layerNorm("final_layernorm", hiddenSize),
        ],
        // Norms of heads have no program.
        ...(norms.length > 0 ? { isCountedOnly: true } : {}),
      },
      config,
      context,
    );
  },
};
