/** The vision part of a model that sees, where its configuration names the family. */

import type { Config } from "../../model/config.js";
import type { JsonObject } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { clipVision, siglipVision } from "../blocks/clip-like.js";
import { pixtralVision } from "../blocks/pixtral-vision.js";
import type { ModuleNode } from "../tree/module-graph.js";

const TOWERS: ReadonlyMap<string, (name: string, config: Config) => ModuleNode> = new Map([
  ["clip_vision_model", clipVision],
  ["pixtral", pixtralVision],
  ["siglip_vision_model", siglipVision],
]);

/** Reads `vision_config`: the tower, and the width of what it sees. `usual` is what the class takes without one. */
export function visionPart(
  config: Config,
  usual: JsonObject & { readonly model_type: string },
): { readonly tower: ModuleNode; readonly width: number } {
  const vision = config.nested("vision_config", usual);
  const modelType = vision.string("model_type", usual.model_type);
  const make = TOWERS.get(modelType);
  if (make !== undefined) {
    const tower = make("vision_tower", vision);
    return { tower, width: vision.size("hidden_size", modelType === "pixtral" ? 1024 : 768) };
  }
  reject({
    code: "unsupported",
    path: vision.fields.at("model_type"),
    message: `a vision part of model_type ${modelType} is not computed; known are ${[...TOWERS.keys()].join(", ")}`,
    received: modelType,
    expected: [...TOWERS.keys()],
  });
}

/** Layers of the tower whose outputs are joined: one, or as many as are listed. */
export function featureLayers(config: Config): number {
  const layers = config.fields.get("vision_feature_layer");
  return Array.isArray(layers) ? layers.length : 1;
}
