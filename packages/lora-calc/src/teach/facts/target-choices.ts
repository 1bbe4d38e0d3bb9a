/** The modules of a model that LoRA can adapt, each with what targeting it costs: what a page offers to choose from. */

import { headOutsideAllLinear, isLinear } from "../../adapter/targets/all-linear.js";
import { planAdapter } from "../../adapter/plan-adapter.js";
import type { World } from "../../worlds/world.js";
import type { AdapterPlan } from "../../adapter/plan/plan.js";
import { readModel } from "../../graph/read-model.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import { Fields } from "../../problem/fields.js";
import type { JsonObject } from "../../problem/fields.js";
import { InputError } from "../../problem/problem.js";
import { elementCount } from "../../units/dtype.js";

/** All modules with one name, as `target_modules` selects them. */
export interface TargetChoice {
  /** Last component of their paths. */
  readonly name: string;
  /** Component above it, such as `self_attn` or `mlp`; empty at the top of the model. */
  readonly block: string;
  /** Modules of this name. */
  readonly count: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Whether the adapter of the scenario sits on any of them. */
  readonly isTargeted: boolean;
  /** Whether "all-linear" selects them. */
  readonly isInAllLinear: boolean;
  /** Trainable parameters when they are targeted with the adapter's other settings; absent when PEFT would refuse that. */
  readonly cost?: number;
}

/**
 * The modules of a scenario's model that LoRA can adapt, in the order of `named_modules()`, with the cost of each under
 * the scenario's adapter settings; none when the model itself cannot be read (`estimate` says why).
 *
 * Unit of the cost: parameters, exact. Modules that share a name are one choice, as they are for PEFT.
 * Example: targetChoices({ model: "gpt2", adapter: { r: 8 } })[0]?.name // "wte"
 */
export function targetChoices(scenario: unknown): readonly TargetChoice[] {
  try {
    const fields = new Fields(scenario, "");
    const { graph, world } = readModel(fields);
    return choicesOf(graph, fields.object("adapter")?.values ?? {}, world);
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}

function choicesOf(graph: ModuleGraph, adapter: JsonObject, world: World): readonly TargetChoice[] {
  const chosen = planned(graph, adapter, world);
  const targeted = new Set(chosen?.modules.map(({ site }) => nameOf(site)));
  const head = headOutsideAllLinear(graph, undefined);
  const byName = new Map<string, Site[]>();
  for (const site of sitesOf(graph)) {
    if (isLinear(site.node) || site.node.layer?.kind === "embedding") {
      byName.set(nameOf(site), [...(byName.get(nameOf(site)) ?? []), site]);
    }
  }
  return [...byName].flatMap(([name, sites]): readonly TargetChoice[] => {
    const first = sites[0];
    if (first === undefined) return [];
    const alone = planned(graph, { ...adapter, target_modules: [name] }, world);
    return [
      {
        name,
        block: blockOf(first),
        count: sites.reduce((sum, { count }) => sum + count, 0),
        ...featuresOf(first),
        isTargeted: targeted.has(name),
        isInAllLinear: sites.some((site) => isLinear(site.node) && site.path !== head),
        ...(alone === undefined ? {} : { cost: costOf(alone) }),
      },
    ];
  });
}

/** The plan of an adapter, undefined when PEFT refuses it. */
function planned(graph: ModuleGraph, adapter: JsonObject, world: World): AdapterPlan | undefined {
  try {
    return planAdapter(graph, adapter, world);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function costOf(plan: AdapterPlan): number {
  let cost = 0;
  for (const { site, tensors } of plan.modules) {
    for (const { shape, trainable } of tensors) {
      if (trainable) cost += site.count * elementCount(shape);
    }
  }
  return cost;
}

function nameOf({ path }: Site): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

function blockOf({ pattern }: Site): string {
  const above = pattern.split(".").slice(0, -1);
  const isInLayer = above.includes("*");
  const block = above.at(-1) ?? "";
  return isInLayer && block !== "*" ? block : "";
}

function featuresOf({ node }: Site): { readonly inFeatures: number; readonly outFeatures: number } {
  const { layer } = node;
  if (layer?.kind === "embedding") return { inFeatures: layer.rows, outFeatures: layer.dim };
  if (layer?.kind === "linear" || layer?.kind === "hf_conv1d") {
    return { inFeatures: layer.inFeatures, outFeatures: layer.outFeatures };
  }
  return { inFeatures: 0, outFeatures: 0 };
}
