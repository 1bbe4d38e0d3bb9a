/** ViT: an encoder over the patches of an image. */

import { activationOf } from "../blocks/mlp.js";
import {
  imageAttention,
  imageMlp,
  imageModel,
  patchCount,
  patchEmbeddings,
  sidesOf,
} from "../blocks/image-encoder.js";
import type { Blueprint } from "../tree/blueprint.js";
import { container, layerNorm, leaf, linear, repeated } from "../tree/vocabulary.js";

export const vit: Blueprint = {
  modelType: "vit",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 768);
    const layers = config.layerCount("num_hidden_layers", 12);
    const inner = config.size("intermediate_size", 3072);
    const places = patchCount(config, 224, 16) + 1;
    const dropout = config.number("hidden_dropout_prob", 0);
    const layer = container("0", "ViTLayer", {
      forward: {
        kind: "decoder_layer",
        attention: "attention",
        mlp: "mlp",
        preAttentionNorm: "layernorm_before",
        preMlpNorm: "layernorm_after",
        residualDropout: dropout,
        dropsBeforeSum: true,
      },
      children: [
        imageAttention("ViT", config, hiddenSize, {
          heads: config.size("num_attention_heads", 12),
        }),
        layerNorm("layernorm_before", hiddenSize),
        layerNorm("layernorm_after", hiddenSize),
        imageMlp("ViT", config, hiddenSize, inner),
        leaf("dropout", "Dropout"),
      ],
    });
    const pooled = config.size("pooler_output_size", hiddenSize);
    const pooler = container("pooler", "ViTPooler", {
      children: [
        linear("dense", hiddenSize, pooled, { bias: true }),
        activationOf("activation", config, "pooler_act", "tanh"),
      ],
    });
    return imageModel(
      {
        modelType: "vit",
        prefix: "ViT",
        features: hiddenSize,
        sizes: { layers, hiddenSize, keyValueSize: hiddenSize },
        program: {
          tower: {
            kind: "image_tower",
            embeddings: "embeddings",
            layers: "layers",
            finalNorm: "layernorm",
          },
          image: [config.size("num_channels", 3), ...sidesOf(config, "image_size", 224)],
        },
        children: (isClassifier) => [
          container("embeddings", "ViTEmbeddings", {
            forward: {
              kind: "image_embeddings",
              patches: "patch_embeddings",
              classToken: "cls_token",
              positions: "position_embeddings",
              dropout,
            },
            parameters: [
              { name: "cls_token", shape: [1, 1, hiddenSize] },
              { name: "position_embeddings", shape: [1, places, hiddenSize] },
            ],
            children: [patchEmbeddings("ViT", config, hiddenSize, 16), leaf("dropout", "Dropout")],
          }),
          repeated("layers", layers, layer),
          layerNorm("layernorm", hiddenSize),
          isClassifier ? undefined : pooler,
        ],
      },
      config,
      context,
    );
  },
};
