/** Qwen2-VL, Qwen2.5-VL and Qwen3-VL: a vision transformer over patches in space and time, merged four by four. */

import type { Config } from "../../model/config.js";
import { activation } from "../blocks/activation.js";
import { llamaParts } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import { activationOf, gatedMlp } from "../blocks/mlp.js";
import { visionLanguage } from "../blocks/vision-language.js";
import type { Blueprint, BuildContext } from "../blueprint.js";
import type { ModuleGraph, ModuleNode } from "../module-graph.js";
import {
  buffer,
  container,
  conv,
  embedding,
  layerNorm,
  leaf,
  linear,
  repeated,
  rmsNorm,
} from "../vocabulary.js";

const QWEN2_TEXT = {
  modelType: "qwen2_vl_text",
  mlpType: "Qwen2MLP",
  defaults: {
    vocabSize: 152064,
    hiddenSize: 8192,
    intermediateSize: 29568,
    layers: 80,
    heads: 64,
    keyValueHeads: 8,
  },
  attentionBias: "query_key_value",
  tied: false,
  isCountedOnly: true,
} as const;

export const qwen2Vl: Blueprint = {
  modelType: "qwen2_vl",
  build: (config, context) => {
    const vision = config.nested("vision_config");
    const width = vision.size("embed_dim", 1280);
    const inner = Math.floor(width * vision.number("mlp_ratio", 4));
    const block = container("0", "Qwen2VLVisionBlock", {
      children: [
        layerNorm("norm1", width),
        layerNorm("norm2", width),
        attention("VisionAttention", width),
        container("mlp", "VisionMlp", {
          children: [
            linear("fc1", width, inner, { bias: true }),
            activationOf("act", vision, "hidden_act", "quick_gelu"),
            linear("fc2", inner, width, { bias: true }),
          ],
        }),
      ],
    });
    const visual = container("visual", "Qwen2VisionTransformerPretrainedModel", {
      children: [
        container("patch_embed", "PatchEmbed", { children: [patches(vision, width, 14, false)] }),
        rotary("Qwen2VLVisionRotaryEmbedding", vision, width),
        repeated("blocks", vision.layerCount("depth", 32), block),
        sequentialMerger("PatchMerger", vision, {
          norm: layerNorm("ln_q", width),
          width,
          outFeatures: vision.size("hidden_size", 3584),
        }),
      ],
    });
    const family = { ...QWEN2_TEXT, prefix: "Qwen2VL" };
    return assemble(
      { modelType: "qwen2_vl", prefix: "Qwen2VL", visual, family, hasOldFiles: true },
      config,
      context,
    );
  },
};

export const qwen25Vl: Blueprint = {
  modelType: "qwen2_5_vl",
  build: (config, context) => {
    const vision = config.nested("vision_config");
    const width = vision.size("hidden_size", 3584);
    const norm = (name: string) => rmsNorm(name, "Qwen2_5_VLRMSNorm", width);
    const block = container("0", "Qwen2_5_VLVisionBlock", {
      children: [
        norm("norm1"),
        norm("norm2"),
        attention("Qwen2_5_VLVisionAttention", width),
        gatedMlp({
          type: "Qwen2_5_VLMLP",
          hiddenSize: width,
          intermediateSize: vision.size("intermediate_size", 3420),
          bias: true,
          activation: activation(vision, "hidden_act", "silu"),
        }),
      ],
    });
    const visual = container("visual", "Qwen2_5_VisionTransformerPretrainedModel", {
      children: [
        container("patch_embed", "Qwen2_5_VisionPatchEmbed", {
          children: [patches(vision, width, 14, false)],
        }),
        rotary("Qwen2_5_VLVisionRotaryEmbedding", vision, width),
        repeated("blocks", vision.layerCount("depth", 32), block),
        sequentialMerger("Qwen2_5_VLPatchMerger", vision, {
          norm: norm("ln_q"),
          width,
          outFeatures: vision.size("out_hidden_size", 3584),
        }),
      ],
    });
    const prefix = "Qwen2_5_VL";
    const family = { ...QWEN2_TEXT, prefix };
    return assemble(
      { modelType: "qwen2_5_vl", prefix, visual, family, hasOldFiles: true },
      config,
      context,
    );
  },
};

export const qwen3Vl: Blueprint = {
  modelType: "qwen3_vl",
  build: (config, context) => {
    const vision = config.nested("vision_config");
    const text = config.nested("text_config");
    const width = vision.size("hidden_size", 1152);
    const inner = vision.size("intermediate_size", 4304);
    const block = container("0", "Qwen3VLVisionBlock", {
      children: [
        layerNorm("norm1", width),
        layerNorm("norm2", width),
        attention("Qwen3VLVisionAttention", width),
        container("mlp", "Qwen3VLVisionMLP", {
          children: [
            linear("linear_fc1", width, inner, { bias: true }),
            linear("linear_fc2", inner, width, { bias: true }),
            activationOf("act_fn", vision, "hidden_act", "gelu_pytorch_tanh"),
          ],
        }),
      ],
    });
    const merged = width * mergeFactor(vision);
    const merger = (name: string, normed: number) =>
      container(name, "Qwen3VLVisionPatchMerger", {
        children: [
          layerNorm("norm", normed),
          linear("linear_fc1", merged, merged, { bias: true }),
          leaf("act_fn", "GELU"),
          linear("linear_fc2", merged, vision.size("out_hidden_size", 3584), { bias: true }),
        ],
      });
    const stacked = vision.integerList("deepstack_visual_indexes")?.length ?? 3;
    const visual = container("visual", "Qwen3VLVisionModel", {
      children: [
        container("patch_embed", "Qwen3VLVisionPatchEmbed", {
          children: [patches(vision, width, 16, true)],
        }),
        embedding("pos_embed", vision.size("num_position_embeddings", 2304), width),
        rotary("Qwen3VLVisionRotaryEmbedding", vision, width),
        repeated("blocks", vision.layerCount("depth", 27), block),
        merger("merger", width),
        repeated("deepstack_merger_list", stacked, merger("0", merged)),
      ],
    });
    const family: LlamaLike = {
      modelType: "qwen3_vl_text",
      prefix: "Qwen3VLText",
      defaults: {
        vocabSize: 151936,
        hiddenSize: 4096,
        intermediateSize: 22016,
        layers: 32,
        heads: 32,
        keyValueHeads: 32,
        headDim: 128,
      },
      attentionBias: text.boolean("attention_bias", false),
      queryKeyNorm: "head",
      tied: false,
      isCountedOnly: true,
    };
    return assemble({ modelType: "qwen3_vl", prefix: "Qwen3VL", visual, family }, config, context);
  },
};

interface QwenVl {
  readonly modelType: string;
  readonly prefix: string;
  readonly visual: ModuleNode;
  /** The language part. */
  readonly family: LlamaLike;
  /** Was published before `text_config`. */
  readonly hasOldFiles?: boolean;
}

/**
 * Qwen2-VL and Qwen2.5-VL were published flat, the sizes of the language model beside `vision_config`; written today
 * they have `text_config`, in which older versions also said that the head is tied.
 *
 * Source: transformers@5.18.0 models/qwen2_vl/configuration_qwen2_vl.py `__post_init__`.
 */
function assemble(parts: QwenVl, config: Config, context: BuildContext): ModuleGraph {
  const { modelType, prefix, visual, family, hasOldFiles = false } = parts;
  const isFlat = hasOldFiles && !config.has("text_config");
  const text = isFlat ? config : config.nested("text_config");
  const tied =
    config.boolean("tie_word_embeddings", false) ||
    (hasOldFiles && !isFlat && text.boolean("tie_word_embeddings", false));
  return visionLanguage(
    {
      modelType,
      prefix,
      vision: [visual],
      textType: `${prefix}TextModel`,
      language: llamaParts(family, text),
      tied,
    },
    config,
    context,
  );
}

/** Patches of a few frames each, all their pixels to one vector. */
function patches(vision: Config, width: number, usual: number, bias: boolean): ModuleNode {
  const side = vision.size("patch_size", usual);
  const frames = vision.size("temporal_patch_size", 2);
  const channels = vision.size(["in_channels", "in_chans"], 3);
  return conv("proj", channels, width, [frames, side, side], { bias });
}

function attention(type: string, width: number): ModuleNode {
  return container("attn", type, {
    children: [
      linear("qkv", width, 3 * width, { bias: true }),
      linear("proj", width, width, { bias: true }),
    ],
  });
}

/** Rows and columns share the dimensions of a head. */
function rotary(type: string, vision: Config, width: number): ModuleNode {
  const headDim = Math.floor(width / vision.size("num_heads", 16));
  const shape = [Math.ceil(Math.floor(headDim / 2) / 2)];
  return container("rotary_pos_emb", type, {
    buffers: [buffer("inv_freq", shape), buffer("original_inv_freq", shape)],
  });
}

function mergeFactor(vision: Config): number {
  return vision.size("spatial_merge_size", 2) ** 2;
}

interface MergerSizes {
  readonly norm: ModuleNode;
  readonly width: number;
  readonly outFeatures: number;
}

function sequentialMerger(
  type: string,
  vision: Config,
  { norm, width, outFeatures }: MergerSizes,
): ModuleNode {
  const merged = width * mergeFactor(vision);
  return container("merger", type, {
    children: [
      norm,
      container("mlp", "Sequential", {
        children: [
          linear("0", merged, merged, { bias: true }),
          leaf("1", "GELU"),
          linear("2", merged, outFeatures, { bias: true }),
        ],
      }),
    ],
  });
}
