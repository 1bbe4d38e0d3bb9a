/** The fields by which every PEFT method chooses modules, read from adapter_config.json. */

import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { ModuleNames } from "./module-names.js";
import { readModuleNames } from "./module-names.js";
import { rejectOption } from "../plan/reject-option.js";

/** The choice before anything is known about the model. */
export interface Targeting {
  readonly targets: ModuleNames | undefined;
  readonly excluded: ModuleNames | undefined;
  readonly modulesToSave: readonly string[] | undefined;
  readonly targetParameters: readonly string[] | undefined;
  readonly layers: LayerFilter | undefined;
}

/** Restricts list targets to some layers. */
export interface LayerFilter {
  readonly indices: readonly number[];
  /** Names of the ModuleList, as regular expressions; empty = the first number in the path. */
  readonly patterns: readonly string[];
}

/** Which options about layers a method's configuration refuses together. */
export interface LayerRules {
  /** Fields that do not go with target_modules as one text. */
  readonly againstText: readonly ("layers_to_transform" | "layers_pattern")[];
  /** `layers_pattern` needs `layers_to_transform`. */
  readonly patternNeedsLayers: boolean;
}

/** What most methods check. */
export const ALL_LAYER_RULES: LayerRules = {
  againstText: ["layers_to_transform", "layers_pattern"],
  patternNeedsLayers: true,
};

/** Fields of `adapter` that choose modules. Source: peft tuners/lora/config.py `LoraConfig.__post_init__`. */
export function readTargeting(adapter: Fields, rules: LayerRules = ALL_LAYER_RULES): Targeting {
  const targets = readModuleNames(adapter, "target_modules");
  rejectTextParameters(adapter);
  return {
    targets,
    excluded: readModuleNames(adapter, "exclude_modules"),
    modulesToSave: adapter.stringList("modules_to_save"),
    targetParameters: adapter.stringList("target_parameters"),
    layers: readLayerFilter(adapter, targets, rules),
  };
}

function rejectTextParameters(adapter: Fields): void {
  const given = adapter.get("target_parameters");
  if (typeof given !== "string") return;
  reject({
    code: "invalid_adapter_type",
    path: adapter.at("target_parameters"),
    message: `${adapter.at("target_parameters")} must be a list of names; PEFT takes no regular expression here`,
    received: given,
    expected: "list of texts",
  });
}

function readLayerFilter(
  adapter: Fields,
  targets: ModuleNames | undefined,
  { againstText, patternNeedsLayers }: LayerRules,
): LayerFilter | undefined {
  const hasPattern = adapter.has("layers_pattern") && !isEmpty(adapter.get("layers_pattern"));
  for (const field of againstText) {
    if (targets?.kind !== "list" && targets !== undefined && adapter.has(field)) {
      rejectOption(adapter, field, "cannot be used when target_modules is one text; give a list");
    }
  }
  if (patternNeedsLayers && hasPattern && !adapter.has("layers_to_transform")) {
    rejectOption(adapter, "layers_pattern", "needs layers_to_transform");
  }
  const indices = readIndices(adapter);
  if (indices === undefined) return undefined;
  const patterns = adapter.get("layers_pattern");
  return {
    indices,
    patterns:
      typeof patterns === "string" ? [patterns] : (adapter.stringList("layers_pattern") ?? []),
  };
}

/** Layer indices; an empty list filters nothing. */
function readIndices(adapter: Fields): readonly number[] | undefined {
  if (typeof adapter.get("layers_to_transform") === "number") {
    const index = adapter.integer("layers_to_transform");
    return index === undefined ? undefined : [index];
  }
  const indices = adapter.integerList("layers_to_transform");
  return indices?.length === 0 ? undefined : indices;
}

function isEmpty(value: unknown): boolean {
  return value === "" || (Array.isArray(value) && value.length === 0);
}
