/** Baichuan 1 and 2: a Llama with query, key and value in `W_pack`; the second has a head that normalizes its weight. */

import { ownCodeModel } from "./own-code-model.js";
import type { Blueprint } from "../../tree/blueprint.js";
import {
  container,
  embedding,
  leaf,
  linear,
  parameter,
  repeated,
  rmsNorm,
} from "../../tree/vocabulary.js";

/** Of Baichuan-7B, whose code names its classes so. */
const FIRST = "BaiChuanForCausalLM";

export const baichuan: Blueprint = {
  modelType: "baichuan",
  isOwnCode: true,
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 5120);
    const innerSize = config.size("intermediate_size", 13_696);
    const vocabSize = config.size("vocab_size", 64_000);
    const layers = config.layerCount("num_hidden_layers", 40);
    const isFirst = context.className === FIRST;
    const norm = (name: string) => rmsNorm(name, "RMSNorm", hiddenSize);
    const layer = container("0", isFirst ? "DecoderLayer" : "BaichuanLayer", {
      children: [
        container("self_attn", isFirst ? "Attention" : "BaichuanAttention", {
          children: [
            linear("W_pack", hiddenSize, 3 * hiddenSize),
            linear("o_proj", hiddenSize, hiddenSize),
          ],
        }),
        container("mlp", "MLP", {
          children: [
            linear("gate_proj", hiddenSize, innerSize),
            linear("down_proj", innerSize, hiddenSize),
            linear("up_proj", hiddenSize, innerSize),
            leaf("act_fn", "SiLUActivation"),
          ],
        }),
        norm("input_layernorm"),
        norm("post_attention_layernorm"),
      ],
    });
    const head = container("lm_head", "NormHead", {
      parameters: [parameter("weight", [vocabSize, hiddenSize])],
    });
    return ownCodeModel(
      {
        modelType: "baichuan",
        className: isFirst ? FIRST : "BaichuanForCausalLM",
        inputEmbedding: "model.embed_tokens",
        outputEmbedding: "lm_head",
        decoder: { layers, hiddenSize, keyValueSize: hiddenSize },
        children: [
          container("model", isFirst ? "Model" : "BaichuanModel", {
            children: [
              embedding("embed_tokens", vocabSize, hiddenSize),
              repeated("layers", layers, layer),
              norm("norm"),
            ],
          }),
          isFirst ? linear("lm_head", hiddenSize, vocabSize) : head,
        ],
      },
      context,
    );
  },
};
