/** The vision model of Llama 3.2: tiles of an image, with embeddings of their place and shape; two encoders. */

import type { Config } from "../../model/config.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, conv, embedding, layerNorm, linear, repeated } from "../tree/vocabulary.js";
import { sidesOf } from "./image-encoder.js";
import { activationOf, plainMlp } from "./mlp.js";

/** Shapes that 1 to 4 tiles can make. */
const USUAL_RATIOS = 8;

export function mllamaVision(config: Config): ModuleNode {
  const hiddenSize = config.size("hidden_size", 1280);
  const patch = sidesOf(config, "patch_size", 14);
  const [side] = sidesOf(config, "image_size", 448);
  const places = Math.floor(side / patch[0]) ** 2 + 1;
  const ratios = config.fields.get("supported_aspect_ratios");
  const shapes = (Array.isArray(ratios) ? ratios.length : USUAL_RATIOS) + 1;
  const tiles = config.size("max_num_tiles", 4);
  const ratioEmbedding = (name: string) =>
    container(name, "MllamaPrecomputedAspectRatioEmbedding", {
      parameters: [{ name: "gate", shape: [1] }],
      children: [embedding("embedding", shapes, tiles * hiddenSize)],
    });
  const encoder = (name: string, layers: number, isGated: boolean) =>
    container(name, "MllamaVisionEncoder", {
      children: [repeated("layers", layers, encoderLayer(config, hiddenSize, isGated))],
    });
  return container("vision_model", "MllamaVisionModel", {
    parameters: [{ name: "class_embedding", shape: [hiddenSize] }],
    children: [
      conv("patch_embedding", [config.size("num_channels", 3), hiddenSize], patch, { bias: false }),
      container("gated_positional_embedding", "MllamaPrecomputedPositionEmbedding", {
        parameters: [
          { name: "gate", shape: [1] },
          { name: "embedding", shape: [places, hiddenSize] },
        ],
        children: [embedding("tile_embedding", shapes, tiles * places * hiddenSize)],
      }),
      ratioEmbedding("pre_tile_positional_embedding"),
      ratioEmbedding("post_tile_positional_embedding"),
      layerNorm("layernorm_pre", hiddenSize),
      layerNorm("layernorm_post", hiddenSize),
      encoder("transformer", config.layerCount("num_hidden_layers", 32), false),
      encoder("global_transformer", config.layerCount("num_global_layers", 8), true),
    ],
  });
}

function encoderLayer(config: Config, hiddenSize: number, isGated: boolean): ModuleNode {
  return container("0", "MllamaVisionEncoderLayer", {
    parameters: isGated
      ? [
          { name: "gate_attn", shape: [1] },
          { name: "gate_ffn", shape: [1] },
        ]
      : [],
    children: [
      container("self_attn", "MllamaVisionAttention", {
        children: ["q_proj", "k_proj", "v_proj", "o_proj"].map((name) =>
          linear(name, hiddenSize, hiddenSize),
        ),
      }),
      plainMlp({
        type: "MllamaVisionMLP",
        up: "fc1",
        down: "fc2",
        bias: true,
        hiddenSize,
        intermediateSize: config.size("intermediate_size", 5120),
        activation: activationOf("activation_fn", config, "hidden_act", "gelu"),
        activationFirst: true,
      }),
      layerNorm("input_layernorm", hiddenSize),
      layerNorm("post_attention_layernorm", hiddenSize),
    ],
  });
}
