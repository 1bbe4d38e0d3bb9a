/** LayerNorm tuning: a trained copy of every norm; the original stays, frozen. */

import type { ModuleNode } from "../../graph/tree/module-graph.js";
import { isRepeat } from "../../graph/tree/module-graph.js";
import type { Site } from "../../graph/tree/sites.js";
import { reject } from "../../problem/problem.js";
import type { AdaptedModule, AdapterTensor } from "../plan/plan.js";
import type { LayerMethod } from "./layer-method.js";
import { misfit, trained } from "./tensors.js";

/**
 *     all parameters of the targeted module, whatever its class
 *
 * Source: Zhao et al. 2023, arXiv:2312.11420; peft tuners/ln_tuning/layer.py `update_layer`.
 */
export const lnTuning: LayerMethod = {
  peftType: "LN_TUNING",
  configClass: "LNTuningConfig",
  formula: "all parameters of every norm",
  fields: ["target_modules", "exclude_modules", "modules_to_save"],
  layerRules: { againstText: [], patternNeedsLayers: false },
  adaptsConv1d: true,
  others: "invalid_adapter_option",
  read: () => ({
    together: (modules) => {
      rejectNested(modules);
      const empty = modules.find(({ tensors }) => tensors.length === 0);
      if (empty !== undefined) {
        misfit(empty.site, "target_modules", 0, "a module with parameters");
      }
      return modules;
    },
    linear: (_in, _out, site) => copyOf(site),
    any: copyOf,
  }),
};

/** PEFT looks for the inner module inside the wrapper of the outer one, which has no such attribute. */
function rejectNested(modules: readonly AdaptedModule[]): void {
  const patterns = new Set(modules.map(({ site }) => site.pattern));
  const inner = modules.find(({ site: { pattern } }) =>
    pattern.split(".").some((_, depth, parts) => patterns.has(parts.slice(0, depth).join("."))),
  );
  if (inner === undefined) return;
  reject({
    code: "missing_attribute",
    path: "adapter.target_modules",
    message: `${inner.site.pattern} lies inside another targeted module; LN_TUNING copies the outer one whole`,
    received: inner.site.pattern,
  });
}

/** A weight that is tied to another one of the copy is the same object there, too. */
function copyOf({ path, node }: Site): readonly AdapterTensor[] {
  const tensors = (inner: ModuleNode, prefix: string): readonly AdapterTensor[] => [
    ...inner.parameters
      .filter(({ tiedTo }) => !tiedTo?.startsWith(`${path}.`))
      .map(({ name, shape }) => trained(`${prefix}.${name}`, ...shape)),
    ...inner.children.flatMap((child) =>
      isRepeat(child)
        ? child.indices.flatMap((index) => tensors(child.element, `${prefix}.${index}`))
        : tensors(child, `${prefix}.${child.name}`),
    ),
  ];
  return tensors(node, "ln_tuning_layers.default");
}
