/** Knows the catalogue, which the first view does without: loaded when a model or a way to train is chosen. */

import { withModel } from "lora-calc";
import type { Scenario } from "lora-calc";
import { withPreset } from "./presets.js";
import type { Preset } from "./presets.js";

export { withModel };

/** The run with another way to train, and what its model brings to that: its task, and what LoRA stops at. */
export function withWay(scenario: Scenario, preset: Preset): Scenario {
  const chosen = withPreset(scenario, preset);
  const { model } = chosen;
  const name = typeof model === "string" ? model : model["id"];
  return preset.adapter === null || typeof name !== "string" ? chosen : withModel(chosen, name);
}
