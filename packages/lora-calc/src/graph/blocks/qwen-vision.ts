/** What the vision transformers of Qwen share: patches in space and time, one projection for q, k and v, a merger. */

import type { Config } from "../../model/config.js";
import type { ModuleNode } from "../tree/module-graph.js";
import {
  buffer,
  container,
  conv,
  embedding,
  layerNorm,
  leaf,
  linear,
  repeated,
} from "../tree/vocabulary.js";
import { activationOf } from "./mlp.js";

/** Patches of a few frames each, all their pixels to one vector. */
export function patches(vision: Config, width: number, usual: number, bias: boolean): ModuleNode {
  const side = vision.size("patch_size", usual);
  const frames = vision.size("temporal_patch_size", 2);
  const channels = vision.size(["in_channels", "in_chans"], 3);
  return conv("proj", [channels, width], [frames, side, side], { bias });
}

export function visionAttention(type: string, width: number): ModuleNode {
  return container("attn", type, {
    children: [
      linear("qkv", width, 3 * width, { bias: true }),
      linear("proj", width, width, { bias: true }),
    ],
  });
}

/** Rows and columns share the dimensions of a head. */
export function visionRotary(type: string, vision: Config, width: number): ModuleNode {
  const headDim = Math.floor(width / vision.size("num_heads", 16));
  const shape = [Math.ceil(Math.floor(headDim / 2) / 2)];
  return container("rotary_pos_emb", type, {
    buffers: [buffer("inv_freq", shape), buffer("original_inv_freq", shape)],
  });
}

interface MergerSizes {
  readonly norm: ModuleNode;
  readonly width: number;
  readonly outFeatures: number;
}

/** Neighbours become one vector (Qwen2-VL, Qwen2.5-VL). */
export function sequentialMerger(
  type: string,
  vision: Config,
  { norm, width, outFeatures }: MergerSizes,
): ModuleNode {
  const merged = mergedWidth(vision, width);
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

function mergedWidth(vision: Config, width: number): number {
  return width * vision.size("spatial_merge_size", 2) ** 2;
}

/** The tower of Qwen3-VL and Qwen3.5; the first also hands on what some blocks in between see (`isStacked`). */
export function qwen3Vision(prefix: string, vision: Config, isStacked: boolean): ModuleNode {
  const width = vision.size("hidden_size", 1152);
  const stacked = vision.integerList("deepstack_visual_indexes")?.length ?? 3;
  return container("visual", `${prefix}VisionModel`, {
    children: [
      container("patch_embed", `${prefix}VisionPatchEmbed`, {
        children: [patches(vision, width, 16, true)],
      }),
      embedding("pos_embed", vision.size("num_position_embeddings", 2304), width),
      visionRotary(`${prefix}VisionRotaryEmbedding`, vision, width),
      repeated("blocks", vision.layerCount("depth", 27), qwen3Block(prefix, vision, width)),
      merger("merger", prefix, vision, width),
      isStacked
        ? repeated(
            "deepstack_merger_list",
            stacked,
            merger("0", prefix, vision, mergedWidth(vision, width)),
          )
        : undefined,
    ],
  });
}

function qwen3Block(prefix: string, vision: Config, width: number): ModuleNode {
  const inner = vision.size("intermediate_size", 4304);
  return container("0", `${prefix}VisionBlock`, {
    children: [
      layerNorm("norm1", width),
      layerNorm("norm2", width),
      visionAttention(`${prefix}VisionAttention`, width),
      container("mlp", `${prefix}VisionMLP`, {
        children: [
          linear("linear_fc1", width, inner, { bias: true }),
          linear("linear_fc2", inner, width, { bias: true }),
          activationOf("act_fn", vision, "hidden_act", "gelu_pytorch_tanh"),
        ],
      }),
    ],
  });
}

/** The norm stands before or behind the joining of neighbours. */
function merger(name: string, prefix: string, vision: Config, normed: number): ModuleNode {
  const merged = mergedWidth(vision, vision.size("hidden_size", 1152));
  return container(name, `${prefix}VisionPatchMerger`, {
    children: [
      layerNorm("norm", normed),
      linear("linear_fc1", merged, merged, { bias: true }),
      leaf("act_fn", "GELU"),
      linear("linear_fc2", merged, vision.size("out_hidden_size", 3584), { bias: true }),
    ],
  });
}
