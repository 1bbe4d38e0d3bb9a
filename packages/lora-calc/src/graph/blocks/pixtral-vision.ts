/** Pixtral's vision model: llama's layers over patches of any number, placed by rotation. */

import type { Config } from "../../model/config.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { buffer, container, conv, linear, repeated, rmsNorm } from "../tree/vocabulary.js";
import { activation } from "./activation.js";
import { sidesOf } from "./image-encoder.js";
import { gatedMlp } from "./mlp.js";

export function pixtralVision(name: string, config: Config): ModuleNode {
  const hiddenSize = config.size("hidden_size", 1024);
  const heads = config.size("num_attention_heads", 16);
  const headDim = Math.floor(hiddenSize / heads);
  const norm = (each: string) => rmsNorm(each, "PixtralRMSNorm", hiddenSize);
  const layer = container("0", "PixtralAttentionLayer", {
    children: [
      norm("attention_norm"),
      gatedMlp({
        name: "feed_forward",
        type: "PixtralMLP",
        hiddenSize,
        intermediateSize: config.size("intermediate_size", 4096),
        activation: activation(config, "hidden_act", "gelu"),
      }),
      container("attention", "PixtralAttention", {
        children: [
          ...["k_proj", "v_proj", "q_proj", "o_proj"].map((each) =>
            linear(each, hiddenSize, hiddenSize),
          ),
        ],
      }),
      norm("ffn_norm"),
    ],
  });
  const frequencies = [Math.ceil(headDim / 2)];
  return container(name, "PixtralVisionModel", {
    children: [
      conv(
        "patch_conv",
        [config.size("num_channels", 3), hiddenSize],
        sidesOf(config, "patch_size", 16),
        { bias: false },
      ),
      norm("ln_pre"),
      container("transformer", "PixtralTransformer", {
        children: [repeated("layers", config.layerCount("num_hidden_layers", 24), layer)],
      }),
      container("patch_positional_embedding", "PixtralVisionRotaryEmbedding", {
        buffers: [buffer("inv_freq", frequencies), buffer("original_inv_freq", frequencies)],
      }),
    ],
  });
}
