/** Which modules a list, a pattern or a default selects: PEFT's predicate on one path, and its use on a whole model. */

import type { ModuleNode } from "../../graph/tree/module-graph.js";
import { isLinear } from "./all-linear.js";
import { sharpestSight } from "../regex/layer-sight.js";
import type { LayerSight } from "../regex/layer-sight.js";
import { endsInName, layerSight } from "./module-names.js";
import type { ModuleNames } from "./module-names.js";
import { PythonRegex, stepBudget } from "../regex/python-regex.js";
import type { LayerFilter, Targeting } from "./targeting.js";

export type Verdict = "targeted" | "excluded" | "unmatched";

/** The predicate of PEFT on one module path, relative to the base model. */
export class ModuleMatcher {
  readonly layerSight: LayerSight;
  private readonly targeting: Targeting;
  private readonly headOutside: string | undefined;
  private readonly saved: readonly PythonRegex[];
  private readonly layerPatterns: readonly PythonRegex[];

  /** `headOutside` is the path that "all-linear" leaves out. */
  constructor(targeting: Targeting, headOutside?: string) {
    this.targeting = targeting;
    this.headOutside = headOutside;
    const { modulesToSave = [], targets, excluded, layers } = targeting;
    // The names stand unescaped in the pattern, so their dots match any character.
    const budget = stepBudget();
    this.saved = modulesToSave.map(
      (name) => new PythonRegex(`(^|.*\\.)${name}($|\\..*)`, "adapter.modules_to_save", budget),
    );
    this.layerPatterns = layerPatterns(layers);
    this.layerSight = sharpestSight([
      layers === undefined ? "none" : "index",
      layerSight(targets),
      layerSight(excluded),
      ...this.saved.map((regex) => regex.layerSight),
    ]);
  }

  /** Source: peft tuners/tuners_utils.py `check_target_module_exists`. */
  verdict(path: string, node: ModuleNode): Verdict {
    const { excluded, targets } = this.targeting;
    if (excluded !== undefined && isNonEmpty(excluded) && matchesNames(path, excluded)) {
      return "excluded";
    }
    if (this.saved.some((regex) => regex.matchStart(path))) return "excluded";
    if (targets === undefined) return "unmatched";
    if (targets.kind === "all_linear") {
      return isLinear(node) && path !== this.headOutside ? "targeted" : "unmatched";
    }
    if (!matchesNames(path, targets)) return "unmatched";
    // Layers choose among names only; LoRA refuses them beside a text, methods that do not go on without them.
    if (targets.kind === "pattern") return "targeted";
    // A path that stands in the list itself is not filtered by layer.
    if (targets.names.has(path)) return "targeted";
    return this.isInLayers(path) ? "targeted" : "unmatched";
  }

  private isInLayers(path: string): boolean {
    const { layers } = this.targeting;
    if (layers === undefined) return true;
    for (const pattern of this.layerPatterns) {
      const index = pattern.groupAtStart(path, "index");
      if (index !== undefined) return layers.indices.includes(Number(index));
    }
    return false;
  }
}

/** The layer index is the first number behind a named list, or behind the list that `layers_pattern` names. */
function layerPatterns(layers: LayerFilter | undefined): readonly PythonRegex[] {
  if (layers === undefined) return [];
  const place = "adapter.layers_pattern";
  if (layers.patterns.length === 0) {
    return [new PythonRegex(String.raw`.*?\.[^.]*\.(?P<index>\d+)\.`, place)];
  }
  const budget = stepBudget();
  return layers.patterns.map(
    (name) => new PythonRegex(`(?:^|.*?\\.)${name}\\.(?P<index>\\d+)\\.`, place, budget),
  );
}

function isNonEmpty(names: ModuleNames): boolean {
  if (names.kind === "list") return names.names.size > 0;
  return names.kind === "pattern" && names.pattern !== "";
}

function matchesNames(path: string, names: ModuleNames): boolean {
  switch (names.kind) {
    case "list":
      return endsInName(path, names.names);
    case "pattern":
      return names.regex.fullMatch(path);
    case "all_linear":
      return false;
  }
}
