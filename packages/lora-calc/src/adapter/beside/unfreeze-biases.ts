/** Existing biases that the `bias` field makes trainable. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { rootSite, sitesOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import { reject } from "../../problem/problem.js";
import { elementCount } from "../../units/dtype.js";
import type { AdaptedModule, UnfrozenParameter } from "../plan/plan.js";

/**
 * `none`; `all`: every parameter called `bias` in the model; anything ending in `_only`: the bias of adapted modules.
 *
 * Unit: parameters that exist already, so they add to `trainable` and not to `all`.
 * Source: peft tuners/tuners_utils.py `_mark_only_adapters_as_trainable`.
 */
export function unfrozenBiases(
  graph: ModuleGraph,
  bias: string,
  modules: readonly AdaptedModule[],
): readonly UnfrozenParameter[] {
  if (bias === "none") return [];
  if (bias === "all") return [rootSite(graph), ...sitesOf(graph)].flatMap(biasesOf);
  if (bias.endsWith("_only"))
    return onlyOnce([...new Set(modules.map(({ site }) => site))].flatMap(biasOfAdapted));
  reject({
    code: "not_implemented_by_peft",
    path: "adapter.bias",
    message: `adapter.bias must be "none", "all" or "lora_only", PEFT does not implement ${bias}`,
    received: bias,
    expected: ["none", "all", "lora_only"],
  });
}

/** A tied bias counts where the module that owns it is not adapted, too: BERT-like heads keep theirs beside the decoder's. */
function onlyOnce(unfrozen: readonly UnfrozenParameter[]): readonly UnfrozenParameter[] {
  const owners = new Set(unfrozen.map(({ site, name }) => `${site.path}.${name}`));
  return unfrozen.map((parameter) => {
    const { site, name, elements } = parameter;
    const tiedTo = site.node.parameters.find((own) => own.name === name)?.tiedTo;
    return tiedTo !== undefined && owners.has(tiedTo) ? parameter : { site, name, elements };
  });
}

/** Parameters of the model itself: prompts freeze its children and leave these (the scale of clip's logits). */
export function unfrozenRoot(graph: ModuleGraph): readonly UnfrozenParameter[] {
  const site = rootSite(graph);
  return site.node.parameters.map(({ name, shape }) => ({
    site,
    name,
    elements: elementCount(shape),
  }));
}

function biasesOf(site: Site): readonly UnfrozenParameter[] {
  return site.node.parameters
    .filter(({ name }) => name === "bias")
    .map(({ name, shape, tiedTo }) => ({
      site,
      name,
      elements: elementCount(shape),
      ...(tiedTo === undefined ? {} : { isTied: true }),
    }));
}

/** An attention of torch keeps its trainable bias in the output projection; the fused input bias has another name. */
function biasOfAdapted(site: Site): readonly UnfrozenParameter[] {
  if (site.node.layer?.kind !== "multihead_attention") return biasesOf(site);
  return site.node.children.flatMap((child) =>
    "indices" in child || child.name !== "out_proj"
      ? []
      : biasesOf({
          ...site,
          path: `${site.path}.out_proj`,
          pattern: `${site.pattern}.out_proj`,
          node: child,
        }),
  );
}
