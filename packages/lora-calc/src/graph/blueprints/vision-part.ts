/** The vision part of a model that sees, where its configuration names the family. */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import { clipVision, siglipVision } from "../blocks/clip-like.js";
import { pixtralVision } from "../blocks/pixtral-vision.js";
import type { ModuleNode } from "../module-graph.js";

const TOWERS: ReadonlyMap<string, (name: string, config: Config) => ModuleNode> = new Map([
  ["clip_vision_model", clipVision],
  ["pixtral", pixtralVision],
  ["siglip_vision_model", siglipVision],
]);

/** Reads `vision_config`: its sizes have to be there, since what is left out depends on the model around it. */
export function visionPart(config: Config, usual: string): ModuleNode {
  if (!config.has("vision_config")) {
    reject({
      code: "missing_field",
      path: config.fields.at("vision_config"),
      message: `${config.fields.at("vision_config")} must be given for a model that sees`,
      expected: "object",
    });
  }
  const vision = config.nested("vision_config");
  const modelType = vision.string("model_type", usual);
  const tower = TOWERS.get(modelType);
  if (tower !== undefined) return tower("vision_tower", vision);
  reject({
    code: "unsupported",
    path: vision.fields.at("model_type"),
    message: `a vision part of model_type ${modelType} is not computed; known are ${[...TOWERS.keys()].join(", ")}`,
    received: modelType,
    expected: [...TOWERS.keys()],
  });
}

const VISION_WIDTH = { clip_vision_model: 768, pixtral: 1024, siglip_vision_model: 768 };

/** Width of what the tower sees. */
export function visionWidth(config: Config, usual: keyof typeof VISION_WIDTH): number {
  return config.nested("vision_config").size("hidden_size", VISION_WIDTH[usual]);
}

/** Layers of the tower whose outputs are joined: one, or as many as are listed. */
export function featureLayers(config: Config): number {
  const layers = config.fields.get("vision_feature_layer");
  return Array.isArray(layers) ? layers.length : 1;
}
