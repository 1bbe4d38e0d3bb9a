/** DINOv2: ViT with a scale behind each half of a layer, and a mask token. */

import {
  imageAttention,
  imageMlp,
  imageModel,
  patchCount,
  patchEmbeddings,
} from "../blocks/image-encoder.js";
import { gatedMlp } from "../blocks/mlp.js";
import type { Blueprint } from "../tree/blueprint.js";
import { container, layerNorm, leaf, repeated } from "../tree/vocabulary.js";

export const dinov2: Blueprint = {
  modelType: "dinov2",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 768);
    const layers = config.layerCount("num_hidden_layers", 12);
    const inner = Math.floor(hiddenSize * config.number("mlp_ratio", 4));
    const places = patchCount(config, 224, 14) + 1;
    const scale = (name: string) =>
      container(name, "Dinov2LayerScale", {
        parameters: [{ name: "lambda1", shape: [hiddenSize] }],
      });
    const drops = config.number("drop_path_rate", 0) > 0;
    const mlp = config.boolean("use_swiglu_ffn", false)
      ? gatedMlp({
          type: "Dinov2SwiGLUFFN",
          hiddenSize,
          // Two thirds, rounded up to a multiple of 8.
          intermediateSize: Math.floor((Math.floor((inner * 2) / 3) + 7) / 8) * 8,
          bias: true,
          activation: "silu",
        })
      : imageMlp("Dinov2", config, hiddenSize, inner);
    const layer = container("0", "Dinov2Layer", {
      children: [
        layerNorm("norm1", hiddenSize),
        imageAttention("Dinov2", config, hiddenSize),
        scale("layer_scale1"),
        leaf("drop_path", drops ? "Dinov2DropPath" : "Identity"),
        layerNorm("norm2", hiddenSize),
        mlp,
        scale("layer_scale2"),
      ],
    });
    const masks = config.boolean("use_mask_token", true);
    const embeddings = container("embeddings", "Dinov2Embeddings", {
      parameters: [
        { name: "cls_token", shape: [1, 1, hiddenSize] },
        ...(masks ? [{ name: "mask_token", shape: [1, hiddenSize] }] : []),
        { name: "position_embeddings", shape: [1, places, hiddenSize] },
      ],
      children: [patchEmbeddings("Dinov2", config, hiddenSize, 14), leaf("dropout", "Dropout")],
    });
    return imageModel(
      {
        modelType: "dinov2",
        prefix: "Dinov2",
        // The class token beside the mean of the patches.
        features: 2 * hiddenSize,
        sizes: { layers, hiddenSize, keyValueSize: hiddenSize },
        children: () => [
          embeddings,
          container("encoder", "Dinov2Encoder", { children: [repeated("layer", layers, layer)] }),
          layerNorm("layernorm", hiddenSize),
        ],
      },
      config,
      context,
    );
  },
};
