/** InternLM 2 and 2.5: a Llama with query, key and value in `wqkv` and names of its own. */

import { ownCodeModel } from "./own-code-model.js";
import type { Blueprint } from "../../tree/blueprint.js";
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
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 4096);
    const innerSize = config.size("intermediate_size", 11_008);
    const vocabSize = config.size("vocab_size", 103_168);
    const heads = config.size("num_attention_heads", 32);
    const keyValueHeads = config.optionalSize("num_key_value_heads") ?? heads;
    const layers = config.layerCount("num_hidden_layers", 32);
    const positions = config.size("max_position_embeddings", 2048);
    const bias = config.boolean("bias", true);
    const headDim = config.divide("hidden_size", hiddenSize, heads);
    const norm = (name: string) => rmsNorm(name, "InternLM2RMSNorm", hiddenSize);
    const rotary = container("rotary_emb", "InternLM2RotaryEmbedding", {
      buffers: [
        buffer("inv_freq", [Math.ceil(headDim / 2)]),
        buffer("cos_cached", [positions, headDim]),
        buffer("sin_cached", [positions, headDim]),
      ],
    });
    const layer = container("0", "InternLM2DecoderLayer", {
      children: [
        container("attention", "InternLM2Attention", {
          children: [
            linear("wqkv", hiddenSize, (heads + 2 * keyValueHeads) * headDim, { bias }),
            linear("wo", heads * headDim, hiddenSize, { bias }),
            rotary,
          ],
        }),
        container("feed_forward", "InternLM2MLP", {
          children: [
            linear("w1", hiddenSize, innerSize),
            linear("w3", hiddenSize, innerSize),
            linear("w2", innerSize, hiddenSize),
            leaf("act_fn", "SiLUActivation"),
          ],
        }),
        norm("attention_norm"),
        norm("ffn_norm"),
      ],
    });
    return ownCodeModel(
      {
        modelType: "internlm2",
        className: "InternLM2ForCausalLM",
        inputEmbedding: "model.tok_embeddings",
        outputEmbedding: "output",
        decoder: { layers, hiddenSize, keyValueSize: keyValueHeads * headDim },
        children: [
          container("model", "InternLM2Model", {
            children: [
              embedding("tok_embeddings", vocabSize, hiddenSize),
              repeated("layers", layers, layer),
              norm("norm"),
            ],
          }),
          linear("output", hiddenSize, vocabSize),
        ],
      },
      context,
    );
  },
};
