/** Qwen2-VL and Qwen2.5-VL: a vision transformer over patches in space and time, merged four by four. */

import type { Config } from "../../model/config.js";
import { activation } from "../blocks/activation.js";
import { llamaParts } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import { activationOf, gatedMlp } from "../blocks/mlp.js";
import { patches, sequentialMerger, visionAttention, visionRotary } from "../blocks/qwen-vision.js";
import { visionLanguage } from "../blocks/vision-language.js";
import type { Blueprint, BuildContext } from "../tree/blueprint.js";
import type { ModuleGraph, ModuleNode } from "../tree/module-graph.js";
import { container, layerNorm, linear, repeated, rmsNorm } from "../tree/vocabulary.js";

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
  rotaryGrid: "joined",
  cuts: "after_all",
  hidesPositions: true,
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
        visionAttention("VisionAttention", width),
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
        visionRotary("Qwen2VLVisionRotaryEmbedding", vision, width),
        repeated("blocks", vision.layerCount("depth", 32), block),
        sequentialMerger("PatchMerger", vision, {
          norm: layerNorm("ln_q", width),
          width,
          outFeatures: vision.size("hidden_size", 3584),
        }),
      ],
    });
    const family = { ...QWEN2_TEXT, prefix: "Qwen2VL" };
    return assemble({ modelType: "qwen2_vl", prefix: "Qwen2VL", visual, family }, config, context);
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
        visionAttention("Qwen2_5_VLVisionAttention", width),
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
        visionRotary("Qwen2_5_VLVisionRotaryEmbedding", vision, width),
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
    return assemble({ modelType: "qwen2_5_vl", prefix, visual, family }, config, context);
  },
};

interface QwenVl {
  readonly modelType: string;
  readonly prefix: string;
  readonly visual: ModuleNode;
  /** The language part. */
  readonly family: LlamaLike;
}

/**
 * These were published flat, the sizes of the language model beside `vision_config`; written today they have
 * `text_config`, in which older versions also said that the head is tied.
 *
 * Source: transformers models/qwen2_vl/configuration_qwen2_vl.py `__post_init__`.
 */
function assemble(parts: QwenVl, config: Config, context: BuildContext): ModuleGraph {
  const { modelType, prefix, visual, family } = parts;
  const isFlat = !config.has("text_config");
  const text = isFlat ? config : config.nested("text_config");
  const tied =
    config.boolean("tie_word_embeddings", false) ||
    (!isFlat && text.boolean("tie_word_embeddings", false));
  const language = { ...llamaParts(family, text), backboneType: `${prefix}TextModel` };
  return visionLanguage(
    { modelType, prefix, vision: [visual], language, textOnly: {}, tied },
    config,
    context,
  );
}
