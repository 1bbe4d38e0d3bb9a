/** InternLM 2 and 2.5: a Llama with query, key and value in `wqkv` and names of its own. */

import { activation } from "../../blocks/activation.js";
import type { Config } from "../../../model/config.js";
import { ownCodeModel } from "./own-code-model.js";
import type { Blueprint } from "../../tree/blueprint.js";
import type { ModuleNode } from "../../tree/module-graph.js";
import {
  buffer,
  container,
  embedding,
  leaf,
  linear,
  repeated,
  rmsNorm,
} from "../../tree/vocabulary.js";

export const internlm2: Blueprint = {
  modelType: "internlm2",
  isOwnCode: true,
  runsUnder: { transformers: "4.57", elsewhere: "KeyError: 'type'" },
  build: (config, context) => {
    const sizes = readSizes(config);
    const { hiddenSize, keyValueHeads, headDim } = sizes;
    const vocabSize = config.size("vocab_size", 103_168);
    const layers = config.layerCount("num_hidden_layers", 32);
    return ownCodeModel(
      {
        modelType: "internlm2",
        className: "InternLM2ForCausalLM",
        forward: {
          ...{ kind: "causal_lm", decoder: "model", head: "output" },
          ...{ upcastsLogits: true, shiftsLogits: true },
        },
        inputEmbedding: "model.tok_embeddings",
        outputEmbedding: "output",
        decoder: { layers, hiddenSize, keyValueSize: keyValueHeads * headDim },
        children: [
          container("model", "InternLM2Model", {
            forward: {
              ...{ kind: "decoder", tokenEmbedding: "tok_embeddings", layers: "layers" },
              ...{ finalNorm: "norm", masksByHand: "in_full", positionsFirst: true },
              checkpointsReentrant: true,
            },
            children: [
              embedding("tok_embeddings", vocabSize, hiddenSize),
              repeated("layers", layers, layer(config, sizes)),
              norm("norm", sizes),
            ],
          }),
          linear("output", hiddenSize, vocabSize),
        ],
      },
      context,
    );
  },
};

interface Sizes {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
}

function readSizes(config: Config): Sizes {
  const hiddenSize = config.size("hidden_size", 4096);
  const heads = config.size("num_attention_heads", 32);
  const keyValueHeads = config.optionalSize("num_key_value_heads") ?? heads;
  const headDim = config.divide("hidden_size", hiddenSize, heads);
  return { hiddenSize, heads, keyValueHeads, headDim };
}

function norm(name: string, { hiddenSize }: Sizes): ModuleNode {
  return rmsNorm(name, "InternLM2RMSNorm", hiddenSize);
}

function layer(config: Config, sizes: Sizes): ModuleNode {
  const { hiddenSize } = sizes;
  const innerSize = config.size("intermediate_size", 11_008);
  return container("0", "InternLM2DecoderLayer", {
    forward: {
      ...{ kind: "decoder_layer", attention: "attention", mlp: "feed_forward" },
      ...{ preAttentionNorm: "attention_norm", preMlpNorm: "ffn_norm" },
    },
    children: [
      attention(config, sizes),
      container("feed_forward", "InternLM2MLP", {
        forward: {
          ...{ kind: "gated_mlp", gate: "w1", up: "w3", down: "w2" },
          activation: activation(config, "hidden_act", "silu"),
        },
        children: [
          linear("w1", hiddenSize, innerSize),
          linear("w3", hiddenSize, innerSize),
          linear("w2", innerSize, hiddenSize),
          leaf("act_fn", "SiLUActivation"),
        ],
      }),
      norm("attention_norm", sizes),
      norm("ffn_norm", sizes),
    ],
  });
}

/** Every layer has tables for all positions, in the dtype of the model. */
function attention(config: Config, sizes: Sizes): ModuleNode {
  const { hiddenSize, heads, keyValueHeads, headDim } = sizes;
  const bias = config.boolean("bias", true);
  const positions = config.size("max_position_embeddings", 2048);
  const rotary = container("rotary_emb", "InternLM2RotaryEmbedding", {
    buffers: [
      buffer("inv_freq", [Math.ceil(headDim / 2)]),
      buffer("cos_cached", [positions, headDim], "model"),
      buffer("sin_cached", [positions, headDim], "model"),
    ],
  });
  return container("attention", "InternLM2Attention", {
    forward: {
      ...{ kind: "tabled_attention", fused: "wqkv", output: "wo", rotary: "rotary_emb" },
      ...{ heads, keyValueHeads, headDim, attentionDropout: 0, dividesScores: true },
    },
    children: [
      linear("wqkv", hiddenSize, (heads + 2 * keyValueHeads) * headDim, { bias }),
      linear("wo", heads * headDim, hiddenSize, { bias }),
      rotary,
    ],
  });
}
