/** What makes two decoder layers equal: the same module tree and the same adaptation. */

import type { AdapterPlan } from "../../adapter/plan/plan.js";
import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { isRepeat } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";

export interface LayerKeys {
  /** Path of the ModuleList. */
  readonly path: string;
  /** One key per layer; equal layers have equal keys. */
  readonly keys: readonly string[];
}

/** Keys of the layers of every ModuleList that a forward runs in a loop. */
export function layerKeys(graph: ModuleGraph, plan: AdapterPlan | undefined): readonly LayerKeys[] {
  return layerLists(graph).map((list) => keysOf(list, plan));
}

function keysOf(list: LayerList, plan: AdapterPlan | undefined): LayerKeys {
  const special = adaptationPerLayer(list.path, plan);
  const keys: string[] = [];
  list.node.children.forEach((child, group) => {
    if (!isRepeat(child)) return;
    for (const index of child.indices) keys[index] = `${group} ${special.get(index) ?? ""}`;
  });
  return { path: list.path, keys };
}

interface LayerList {
  readonly path: string;
  readonly node: ModuleNode;
}

function layerLists(graph: ModuleGraph): readonly LayerList[] {
  const sites = [{ path: "", node: graph.root }, ...sitesOf(graph)];
  return sites.flatMap(({ path: parent, node: { forward } }) => {
    if (
      forward?.kind !== "decoder" &&
      forward?.kind !== "image_tower" &&
      forward?.kind !== "biased_stack" &&
      forward?.kind !== "paired_stack" &&
      forward?.kind !== "alibi_decoder" &&
      forward?.kind !== "rotary_encoder" &&
      forward?.kind !== "relative_layers" &&
      forward?.kind !== "encoder_layers"
    ) {
      return [];
    }
    const path = `${parent === "" ? "" : `${parent}.`}${forward.layers}`;
    return sites.filter((site) => site.path === path);
  });
}

/** Adaptations that were decided layer by layer, as text per layer index. */
function adaptationPerLayer(
  listPath: string,
  plan: AdapterPlan | undefined,
): ReadonlyMap<number, string> {
  const parts = new Map<number, string>();
  const add = (path: string, pattern: string, facts: unknown): void => {
    if (path !== pattern || !path.startsWith(`${listPath}.`)) return;
    const [index = "", ...rest] = path.slice(listPath.length + 1).split(".");
    const text = `${rest.join(".")} ${JSON.stringify(facts)};`;
    parts.set(Number(index), (parts.get(Number(index)) ?? "") + text);
  };
  for (const { site, tensors, lora } of plan?.modules ?? []) {
    add(site.path, site.pattern, [tensors, lora]);
  }
  for (const { site } of plan?.copies ?? []) add(site.path, site.pattern, "copy");
  for (const { site, name } of plan?.unfrozen ?? []) add(site.path, site.pattern, name);
  return parts;
}
