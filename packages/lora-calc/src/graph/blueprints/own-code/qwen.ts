/** The first Qwen (7B, 14B, 72B, 1.8B of 2023): query, key and value in one layer with bias, half of intermediate_size. */

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

/** `logn_list` of modeling_qwen.py. */
const LONGEST = 32_767;

export const qwen: Blueprint = {
  modelType: "qwen",
  isOwnCode: true,
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 4096);
    const vocabSize = config.size("vocab_size", 151_936);
    const headDim = config.size("kv_channels", 128);
    const projected = headDim * config.size("num_attention_heads", 32);
    const innerSize = Math.floor(config.size("intermediate_size", 22_016) / 2);
    const layers = config.layerCount("num_hidden_layers", 32);
    const bias = !config.boolean("no_bias", true);
    const norm = (name: string) => rmsNorm(name, "RMSNorm", hiddenSize);
    const block = container("0", "QWenBlock", {
      children: [
        norm("ln_1"),
        container("attn", "QWenAttention", {
          buffers: [buffer("masked_bias", []), buffer("logn_tensor", [1, LONGEST, 1, 1])],
          children: [
            linear("c_attn", hiddenSize, 3 * projected, { bias: true }),
            linear("c_proj", hiddenSize, projected, { bias }),
            leaf("attn_dropout", "Dropout"),
          ],
        }),
        norm("ln_2"),
        container("mlp", "QWenMLP", {
          children: [
            linear("w1", hiddenSize, innerSize, { bias }),
            linear("w2", hiddenSize, innerSize, { bias }),
            linear("c_proj", innerSize, hiddenSize, { bias }),
          ],
        }),
      ],
    });
    const rotary = container("rotary_emb", "RotaryEmbedding", {
      buffers: [buffer("inv_freq", [Math.ceil(headDim / 2)])],
    });
    return ownCodeModel(
      {
        modelType: "qwen",
        className: "QWenLMHeadModel",
        inputEmbedding: "transformer.wte",
        outputEmbedding: "lm_head",
        decoder: { layers, hiddenSize, keyValueSize: projected },
        children: [
          container("transformer", "QWenModel", {
            children: [
              embedding("wte", vocabSize, hiddenSize),
              leaf("drop", "Dropout"),
              rotary,
              repeated("h", layers, block),
              norm("ln_f"),
            ],
          }),
          linear("lm_head", hiddenSize, vocabSize),
        ],
      },
      context,
    );
  },
};
