/** Adapters inside a module of which a trained copy is made: the copy has them too, and trains its own. */

import { pathsOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import type { AdaptedModule, CopiedModule } from "../plan/plan.js";

/**
 * Adapters inside a copied module, once in the frozen original and once in the copy. What `modules_to_save` names is no
 * target, but the names are compared in two ways: `attn` copies `self_attn` and does not keep what is in it from being one.
 *
 * Source: peft utils/other.py `ModulesToSaveWrapper.update` (deepcopy of the module with what it holds by then).
 */
export function withCopiedAdapters(
  modules: readonly AdaptedModule[],
  copies: readonly CopiedModule[],
): readonly AdaptedModule[] {
  return modules.flatMap((module) => {
    const outer = copies.find(({ site }) => module.site.pattern.startsWith(`${site.pattern}.`));
    if (outer !== undefined) return twice(module, outer.site);
    const heads = headsOfSome(module.site, copies);
    if (heads.size === 0) return [module];
    // The adapter is in some layers, the copy in some: each occurrence by itself.
    return pathsOf(module.site).flatMap((path) => {
      const site: Site = { ...module.site, path, pattern: path, indices: [], count: 1 };
      const head = [...heads].find((start) => path.startsWith(`${start}.`));
      const single = { ...module, site };
      return head === undefined ? [single] : twice(single, { path: head, pattern: head });
    });
  });
}

/** Paths of copies that hold a part of a site whose layers are not the same. */
function headsOfSome({ pattern }: Site, copies: readonly CopiedModule[]): ReadonlySet<string> {
  const kind = kindOf(pattern);
  return new Set(
    copies.flatMap(({ site }) =>
      kind.startsWith(`${kindOf(site.pattern)}.`) ? pathsOf(site) : [],
    ),
  );
}

/** A pattern with every index as a star. */
function kindOf(pattern: string): string {
  return pattern.replace(/(?<=^|\.)\d+(?=\.|$)/g, "*");
}

function twice(module: AdaptedModule, outer: Head): readonly AdaptedModule[] {
  const { site, tensors } = module;
  return [
    {
      ...module,
      site: moved(site, outer, "original_module"),
      tensors: tensors.map((tensor) => ({ ...tensor, trainable: false })),
    },
    { ...module, site: moved(site, outer, "modules_to_save.default") },
  ];
}

type Head = Pick<Site, "path" | "pattern">;

/** The same site behind one more step of the path. */
function moved(site: Site, outer: Head, step: string): Site {
  const through = (text: string, head: string): string =>
    `${head}.${step}${text.slice(head.length)}`;
  return {
    ...site,
    path: through(site.path, outer.path),
    pattern: through(site.pattern, outer.pattern),
  };
}
