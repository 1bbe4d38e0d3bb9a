/** SigLIP's vision model: patches, a pre-norm encoder, a pooling head. */

import type { Config } from "../../model/config.js";
import type { ModuleNode } from "../module-graph.js";
import { buffer, container, conv, embedding, layerNorm, linear, repeated } from "../vocabulary.js";
import { activation } from "./activation.js";
import { activationModule } from "./mlp.js";

interface Sizes {
  readonly hiddenSize: number;
  readonly innerSize: number;
}

export function siglipVision(name: string, config: Config): ModuleNode {
  const hiddenSize = config.size("hidden_size", 768);
  const sizes = { hiddenSize, innerSize: config.size("intermediate_size", 3072) };
  const patch = config.size("patch_size", 16);
  const places = Math.floor(config.size("image_size", 224) / patch) ** 2;
  const layer = container("0", "SiglipEncoderLayer", {
    children: [
      layerNorm("layer_norm1", hiddenSize),
      container("self_attn", "SiglipAttention", {
        children: ["k_proj", "v_proj", "q_proj", "out_proj"].map((projection) =>
          linear(projection, hiddenSize, hiddenSize, { bias: true }),
        ),
      }),
      layerNorm("layer_norm2", hiddenSize),
      mlp(sizes, config),
    ],
  });
  return container(name, "SiglipVisionModel", {
    children: [
      container("embeddings", "SiglipVisionEmbeddings", {
        buffers: [buffer("position_ids", [1, places], "int64")],
        children: [
          conv("patch_embedding", config.size("num_channels", 3), hiddenSize, [patch, patch]),
          embedding("position_embedding", places, hiddenSize),
        ],
      }),
      container("encoder", "SiglipEncoder", {
        children: [repeated("layers", config.layerCount("num_hidden_layers", 12), layer)],
      }),
      layerNorm("post_layernorm", hiddenSize),
      config.boolean("vision_use_head", true) ? poolingHead(sizes, config) : undefined,
    ],
  });
}

function mlp({ hiddenSize, innerSize }: Sizes, config: Config): ModuleNode {
  return container("mlp", "SiglipMLP", {
    children: [
      activationModule("activation_fn", activation(config, "hidden_act", "gelu_pytorch_tanh")),
      linear("fc1", hiddenSize, innerSize, { bias: true }),
      linear("fc2", innerSize, hiddenSize, { bias: true }),
    ],
  });
}

/** A trained query asks all patches; torch's own attention has its input projection in one parameter. */
function poolingHead(sizes: Sizes, config: Config): ModuleNode {
  const { hiddenSize } = sizes;
  return container("head", "SiglipMultiheadAttentionPoolingHead", {
    parameters: [{ name: "probe", shape: [1, 1, hiddenSize] }],
    children: [
      {
        ...container("attention", "MultiheadAttention", {
          parameters: [
            { name: "in_proj_weight", shape: [3 * hiddenSize, hiddenSize] },
            { name: "in_proj_bias", shape: [3 * hiddenSize] },
          ],
          children: [
            linear("out_proj", hiddenSize, hiddenSize, {
              bias: true,
              type: "NonDynamicallyQuantizableLinear",
            }),
          ],
        }),
        layer: { kind: "multihead_attention", embedDim: hiddenSize },
      },
      layerNorm("layernorm", hiddenSize),
      mlp(sizes, config),
    ],
  });
}
