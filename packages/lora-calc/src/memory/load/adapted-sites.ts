/** Which module of the loaded model an entry of the adapter's plan is about. */

import type { AdaptedModule } from "../../adapter/plan/plan.js";
import type { ModuleNode } from "../../graph/tree/module-graph.js";
import type { Site } from "../../graph/tree/sites.js";
import type { BoundModule } from "./bound-module.js";

/** Whether a site stands for this module: by its node in equal layers, by its path otherwise. */
export function isAt({ node, path, pattern }: Site, module: BoundModule): boolean {
  return node === module.node && (path !== pattern || unwrapped(path) === module.path);
}

/** The path without the wrappers of parameters, which lie around each other as `base_layer`. */
function unwrapped(path: string): string {
  return path.replace(/(?:\.base_layer)+$/, "");
}

export function byNode(
  modules: readonly AdaptedModule[],
): ReadonlyMap<ModuleNode, AdaptedModule[]> {
  const map = new Map<ModuleNode, AdaptedModule[]>();
  for (const module of modules) {
    const list = map.get(module.site.node);
    if (list === undefined) map.set(module.site.node, [module]);
    else list.push(module);
  }
  return map;
}
