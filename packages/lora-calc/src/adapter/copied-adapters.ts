/** Adapters inside a module of which a trained copy is made: the copy has them too, and trains its own. */

import type { Site } from "../graph/sites.js";
import type { AdaptedModule, CopiedModule } from "./plan.js";

/**
 * Adapters inside a copied module, once in the frozen original and once in the copy. What `modules_to_save` names is no
 * target, but the names are compared in two ways: `attn` copies `self_attn` and does not keep what is in it from being one.
 *
 * Source: peft@0.21.0 utils/other.py `ModulesToSaveWrapper.update` (deepcopy of the module with what it holds by then).
 */
export function withCopiedAdapters(
  modules: readonly AdaptedModule[],
  copies: readonly CopiedModule[],
): readonly AdaptedModule[] {
  return modules.flatMap((module) => {
    const outer = copies.find(({ site }) => module.site.pattern.startsWith(`${site.pattern}.`));
    if (outer === undefined) return [module];
    const { tensors } = module;
    return [
      {
        ...module,
        site: moved(module.site, outer.site, "original_module"),
        tensors: tensors.map((tensor) => ({ ...tensor, trainable: false })),
      },
      { ...module, site: moved(module.site, outer.site, "modules_to_save.default") },
    ];
  });
}

/** The same site behind one more step of the path. */
function moved(site: Site, outer: Site, step: string): Site {
  const through = (text: string, head: string): string =>
    `${head}.${step}${text.slice(head.length)}`;
  return {
    ...site,
    path: through(site.path, outer.path),
    pattern: through(site.pattern, outer.pattern),
  };
}
