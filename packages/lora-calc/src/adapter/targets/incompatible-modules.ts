/** Modules whose weight the model uses without calling them, so that an adapter around them would be passed by. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import type { Site } from "../../graph/tree/sites.js";
import { reject } from "../../problem/problem.js";

const LORA_LIKE: readonly string[] = ["LORA", "ADALORA", "RANDLORA"];

/** Source: peft tuners/tuners_utils.py `_check_lora_target_modules_mamba`. */
export function rejectIncompatible(
  { incompatibleNames: names = [], modelType }: ModuleGraph,
  peftType: string,
  sites: readonly Site[],
): void {
  if (names.length === 0 || !LORA_LIKE.includes(peftType)) return;
  const hit = sites.find(({ path }) => names.includes(path.slice(path.lastIndexOf(".") + 1)));
  if (hit === undefined) return;
  reject({
    code: "invalid_adapter_option",
    path: "adapter.target_modules",
    message: `${peftType} cannot adapt ${hit.pattern}: ${modelType} uses its weight directly; leave out ${names.join(" and ")} (with "all-linear", list them in exclude_modules)`,
    received: hit.pattern,
  });
}
