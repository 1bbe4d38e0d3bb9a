/** Swin: stages of windowed attention, each twice as wide as the one before. */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import {
  imageAttention,
  imageMlp,
  imageModel,
  patchEmbeddings,
  sidesOf,
} from "../blocks/image-encoder.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { buffer, container, layerNorm, leaf, linear, repeatedBy } from "../tree/vocabulary.js";
import { missing } from "../../problem/missing.js";

export const swin: Blueprint = {
  modelType: "swin",
  build: (config, context) => {
    const embedDim = config.size("embed_dim", 96);
    const depths = config.sizes("depths") ?? [2, 2, 6, 2];
    const heads = config.sizes("num_heads") ?? [3, 6, 12, 24];
    if (depths.length === 0 || depths.length > 16 || heads.length < depths.length) {
      reject({
        code: "invalid_value",
        path: config.fields.at("num_heads"),
        message: "depths needs 1 to 16 stages, and num_heads one number for each of them",
        received: heads,
      });
    }
    const features = embedDim * 2 ** (depths.length - 1);
    const blocks = depths.reduce((sum, depth) => sum + depth, 0);
    const stage = (index: number) => {
      const before = depths.slice(0, index).reduce((sum, depth) => sum + depth, 0);
      const width = embedDim * 2 ** index;
      // The chance to drop a path grows from 0 in the first block of the model.
      const drops = (block: number) =>
        blocks > 1 && before + block > 0 && config.number("drop_path_rate", 0.1) > 0;
      const isLast = index === depths.length - 1;
      return container(`${index}`, "SwinStage", {
        children: [
          repeatedBy(
            "blocks",
            depths[index] ?? missing(),
            (block) => (drops(block) ? "drop" : "keep"),
            (kind) => swinLayer(config, width, heads[index] ?? 1, kind === "drop"),
          ),
          isLast ? undefined : patchMerging(width),
        ],
      });
    };
    return imageModel(
      {
        modelType: "swin",
        prefix: "Swin",
        features,
        sizes: { layers: depths.length, hiddenSize: features, keyValueSize: features },
        children: () => [
          embeddings(config, embedDim),
          container("encoder", "SwinEncoder", {
            children: [repeatedBy("layers", depths.length, String, (_, index) => stage(index))],
          }),
          layerNorm("layernorm", features),
          leaf("pooler", "AdaptiveAvgPool1d"),
        ],
      },
      config,
      context,
    );
  },
};

function embeddings(config: Config, width: number): ModuleNode {
  const [height, breadth] = sidesOf(config, "image_size", 224);
  const [patchHeight, patchBreadth] = sidesOf(config, "patch_size", 4);
  const places = Math.floor(height / patchHeight) * Math.floor(breadth / patchBreadth);
  return container("embeddings", "SwinEmbeddings", {
    parameters: config.boolean("use_absolute_embeddings", false)
      ? [{ name: "position_embeddings", shape: [1, places, width] }]
      : [],
    children: [
      patchEmbeddings("Swin", config, width, 4),
      layerNorm("norm", width),
      leaf("dropout", "Dropout"),
    ],
  });
}

/** Attention inside a window, with a trained bias for each distance in it. */
function swinLayer(config: Config, width: number, heads: number, drops: boolean): ModuleNode {
  const window = config.size("window_size", 7);
  const bias = container("relative_position_bias", "SwinRelativePositionBias", {
    parameters: [{ name: "relative_position_bias_table", shape: [(2 * window - 1) ** 2, heads] }],
    buffers: [buffer("relative_position_index", [window ** 4], "int64")],
  });
  const inner = Math.floor(config.number("mlp_ratio", 4) * width);
  return container("0", "SwinLayer", {
    children: [
      imageAttention("Swin", config, width, { behind: bias }),
      layerNorm("layernorm_before", width),
      layerNorm("layernorm_after", width),
      imageMlp("Swin", config, width, inner),
      leaf("dropout", "Dropout"),
      leaf("drop_path", drops ? "SwinDropPath" : "Identity"),
    ],
  });
}

/** Four neighbours become one patch of twice the width. */
function patchMerging(width: number): ModuleNode {
  return container("downsample", "SwinPatchMerging", {
    children: [linear("reduction", 4 * width, 2 * width), layerNorm("norm", 4 * width)],
  });
}
