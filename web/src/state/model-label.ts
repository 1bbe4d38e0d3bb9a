/** What a model is called in a field: its name, or what kind of file it came from. */

import { isObject } from "lora-calc";
import type { Scenario } from "lora-calc";
import { WORDS } from "../words/en.js";

export function modelLabel(model: Scenario["model"]): string {
  if (typeof model === "string") return model;
  if (typeof model["id"] === "string") return model["id"];
  const config = model["config"];
  const modelType = isObject(config) ? config["model_type"] : undefined;
  return WORDS.configure.ownModel(typeof modelType === "string" ? modelType : "?");
}
