/** Llama 4's vision model: an encoder over unfolded patches, and an adapter that joins them. */

import type { Config } from "../../model/config.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { buffer, container, layerNorm, leaf, linear, repeated } from "../tree/vocabulary.js";
import { plainMlp } from "./mlp.js";

export function llama4Vision(config: Config): ModuleNode {
  const hiddenSize = config.size("hidden_size", 768);
  const inner = config.size("intermediate_size", 5632);
  const heads = config.size("num_attention_heads", 16);
  const patch = config.size("patch_size", 14);
  const side = Math.floor(config.size("image_size", 448) / patch);
  const places = side ** 2 + 1;
  const pairs = Math.floor(Math.floor(hiddenSize / heads) / 2);
  const projected = config.size("projector_input_dim", 4096);
  const output = config.size("projector_output_dim", 4096);
  return container("vision_model", "Llama4VisionModel", {
    parameters: [
      { name: "class_embedding", shape: [hiddenSize] },
      { name: "positional_embedding_vlm", shape: [places, hiddenSize] },
    ],
    children: [
      container("patch_embedding", "Llama4UnfoldConvolution", {
        children: [
          leaf("unfold", "Unfold"),
          linear("linear", config.size("num_channels", 3) * patch ** 2, hiddenSize),
        ],
      }),
      container("rotary_embedding", "Llama4VisionRotaryEmbedding", {
        buffers: [buffer("freqs_ci", [places, 1, pairs], "complex64")],
      }),
      layerNorm("layernorm_pre", hiddenSize),
      layerNorm("layernorm_post", hiddenSize),
      container("model", "Llama4VisionEncoder", {
        children: [
          repeated(
            "layers",
            config.layerCount("num_hidden_layers", 34),
            encoderLayer(hiddenSize, inner),
          ),
        ],
      }),
      container("vision_adapter", "Llama4VisionPixelShuffleMLP", {
        children: [
          container("mlp", "Llama4VisionMLP2", {
            children: [
              linear("fc1", inner, projected),
              linear("fc2", output, output),
              leaf("activation_fn", "GELU"),
            ],
          }),
        ],
      }),
    ],
  });
}

function encoderLayer(hiddenSize: number, inner: number): ModuleNode {
  return container("0", "Llama4VisionEncoderLayer", {
    children: [
      container("self_attn", "Llama4VisionAttention", {
        children: ["q_proj", "k_proj", "v_proj", "o_proj"].map((name) =>
          linear(name, hiddenSize, hiddenSize, { bias: true }),
        ),
      }),
      plainMlp({
        type: "Llama4VisionMLP",
        up: "fc1",
        down: "fc2",
        bias: true,
        hiddenSize,
        intermediateSize: inner,
        activation: leaf("activation_fn", "GELU"),
        activationFirst: true,
      }),
      layerNorm("input_layernorm", hiddenSize),
      layerNorm("post_attention_layernorm", hiddenSize),
    ],
  });
}
