/** The towers of CLIP, SigLIP, SmolVLM and Idefics3: one pre-norm encoder, over patches or over words. */

import type { Config } from "../../model/config.js";
import type { ModuleNode, Parameter } from "../tree/module-graph.js";
import {
  buffer,
  container,
  conv,
  embedding,
  layerNorm,
  linear,
  repeated,
} from "../tree/vocabulary.js";
import { patchCount, sidesOf } from "./image-encoder.js";
import { activationOf, plainMlp } from "./mlp.js";

interface Tower {
  /** `CLIP` or `Siglip`, start of the class names. */
  readonly prefix: string;
  /** Start of the names of attention and MLP. Default: `prefix`. */
  readonly partPrefix?: string;
  readonly activation: string;
  /** Order in which a layer registers its parts. */
  readonly order: readonly ("self_attn" | "layer_norm1" | "mlp" | "layer_norm2")[];
}

const SIGLIP: Tower = {
  prefix: "Siglip",
  activation: "gelu_pytorch_tanh",
  order: ["layer_norm1", "self_attn", "layer_norm2", "mlp"],
};

const CLIP: Tower = {
  prefix: "CLIP",
  activation: "quick_gelu",
  order: ["self_attn", "layer_norm1", "mlp", "layer_norm2"],
};

interface Sizes {
  readonly hiddenSize: number;
  readonly innerSize: number;
}

/** SigLIP's vision model: patches, the encoder, a pooling head. */
export function siglipVision(name: string, config: Config): ModuleNode {
  const sizes = sizesOf(config, 768, 3072);
  const { hiddenSize } = sizes;
  const places = patchCount(config, 224, 16);
  return container(name, "SiglipVisionModel", {
    children: [
      visionEmbeddings(SIGLIP, config, { hiddenSize, places, patch: 16, bias: true }),
      encoder(SIGLIP, sizes, config, 12),
      layerNorm("post_layernorm", hiddenSize),
      config.boolean("vision_use_head", true) ? poolingHead(sizes, config) : undefined,
    ],
  });
}

/** CLIP's vision model: a class token in front of the patches; a norm, under the name it was published with. */
export function clipVision(name: string, config: Config): ModuleNode {
  const sizes = sizesOf(config, 768, 3072);
  const { hiddenSize } = sizes;
  const places = patchCount(config, 224, 32) + 1;
  return container(name, "CLIPVisionModel", {
    children: [
      visionEmbeddings(CLIP, config, {
        hiddenSize,
        places,
        patch: 32,
        bias: false,
        parameters: [{ name: "class_embedding", shape: [hiddenSize] }],
      }),
      layerNorm("pre_layrnorm", hiddenSize),
      encoder(CLIP, sizes, config, 12),
      layerNorm("post_layernorm", hiddenSize),
    ],
  });
}

/** The vision model of SmolVLM and Idefics3: SigLIP's without a head, its layers ordered as CLIP's. */
export function idefics3Vision(name: string, prefix: string, config: Config): ModuleNode {
  const tower = { ...SIGLIP, prefix, partPrefix: `${prefix}Vision`, order: CLIP.order };
  const sizes = sizesOf(config, 1152, 3072);
  const { hiddenSize } = sizes;
  const side = Math.floor(config.size("image_size", 224) / config.size("patch_size", 32));
  return container(name, `${prefix}VisionTransformer`, {
    children: [
      {
        ...visionEmbeddings(tower, config, {
          hiddenSize,
          places: side ** 2,
          patch: 32,
          bias: true,
        }),
        buffers: [],
      },
      encoder(tower, sizes, config, 12),
      layerNorm("post_layernorm", hiddenSize),
    ],
  });
}

export function siglipText(config: Config): ModuleNode {
  const sizes = sizesOf(config, 768, 3072);
  const { hiddenSize } = sizes;
  const projected = config.optionalSize("projection_size") ?? hiddenSize;
  return container("text_model", "SiglipTextModel", {
    children: [
      textEmbeddings(SIGLIP, config, hiddenSize, { words: 32000, places: 64 }),
      encoder(SIGLIP, sizes, config, 12),
      layerNorm("final_layer_norm", hiddenSize),
      linear("head", hiddenSize, projected, { bias: true }),
    ],
  });
}

export function clipText(config: Config): ModuleNode {
  const sizes = sizesOf(config, 512, 2048);
  const { hiddenSize } = sizes;
  return container("text_model", "CLIPTextModel", {
    children: [
      textEmbeddings(CLIP, config, hiddenSize, { words: 49408, places: 77 }),
      encoder(CLIP, sizes, config, 12),
      layerNorm("final_layer_norm", hiddenSize),
    ],
  });
}

function sizesOf(config: Config, hiddenSize: number, innerSize: number): Sizes {
  return {
    hiddenSize: config.size("hidden_size", hiddenSize),
    innerSize: config.size("intermediate_size", innerSize),
  };
}

interface VisionPlaces {
  readonly hiddenSize: number;
  readonly places: number;
  readonly patch: number;
  readonly bias: boolean;
  readonly parameters?: readonly Parameter[];
}

function visionEmbeddings({ prefix }: Tower, config: Config, at: VisionPlaces): ModuleNode {
  const { hiddenSize, places, patch, bias, parameters = [] } = at;
  const channels = config.size("num_channels", 3);
  return container("embeddings", `${prefix}VisionEmbeddings`, {
    parameters,
    buffers: [buffer("position_ids", [1, places], "int64")],
    children: [
      conv("patch_embedding", [channels, hiddenSize], sidesOf(config, "patch_size", patch), {
        bias,
      }),
      embedding("position_embedding", places, hiddenSize),
    ],
  });
}

function textEmbeddings(
  { prefix }: Tower,
  config: Config,
  hiddenSize: number,
  usual: { readonly words: number; readonly places: number },
): ModuleNode {
  const places = config.size("max_position_embeddings", usual.places);
  return container("embeddings", `${prefix}TextEmbeddings`, {
    buffers: [buffer("position_ids", [1, places], "int64")],
    children: [
      embedding("token_embedding", config.size("vocab_size", usual.words), hiddenSize),
      embedding("position_embedding", places, hiddenSize),
    ],
  });
}

function encoder(tower: Tower, sizes: Sizes, config: Config, layers: number): ModuleNode {
  const { prefix, partPrefix = prefix, order } = tower;
  const { hiddenSize } = sizes;
  const parts = {
    self_attn: container("self_attn", `${partPrefix}Attention`, {
      children: ["k_proj", "v_proj", "q_proj", "out_proj"].map((projection) =>
        linear(projection, hiddenSize, hiddenSize, { bias: true }),
      ),
    }),
    layer_norm1: layerNorm("layer_norm1", hiddenSize),
    mlp: mlp(tower, sizes, config),
    layer_norm2: layerNorm("layer_norm2", hiddenSize),
  };
  const layer = container("0", `${prefix}EncoderLayer`, {
    children: order.map((part) => parts[part]),
  });
  return container("encoder", `${prefix}Encoder`, {
    children: [repeated("layers", config.layerCount("num_hidden_layers", layers), layer)],
  });
}

function mlp(
  { prefix, partPrefix = prefix, activation }: Tower,
  sizes: Sizes,
  config: Config,
): ModuleNode {
  return plainMlp({
    type: `${partPrefix}MLP`,
    up: "fc1",
    down: "fc2",
    bias: true,
    hiddenSize: sizes.hiddenSize,
    intermediateSize: sizes.innerSize,
    activation: activationOf("activation_fn", config, "hidden_act", activation),
    activationFirst: true,
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
      mlp(SIGLIP, sizes, config),
    ],
  });
}
