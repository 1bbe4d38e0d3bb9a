/** Lily: layers share their A in blocks and all have one B, of which a router takes a mixture. */

import { adapterFields } from "../../fields/scenario.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { pathsOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import { defaultTargets } from "../../catalogue/default-targets.js";
import { headOutsideAllLinear } from "../targets/all-linear.js";
import { namesOfAllLinear } from "../targets/condense-names.js";
import { readModuleNames } from "../targets/module-names.js";
import type { AdaptedModule, AdapterTensor } from "../plan/plan.js";
import { rejectBelow } from "../plan/reject-option.js";
import { readTaskType } from "../plan/task-type.js";
import type { LayerMethod } from "./layer-method.js";
import { requirePositive, trained } from "./tensors.js";

/**
 *     router r · num_B each; A r · in once per stride_A layers, B num_B · r · out once,
 *     among the layers that one name targets and that have the same shape
 *
 * Source: arXiv:2407.09946; peft tuners/lily/model.py `_post_injection_hook`.
 */
export const lily: LayerMethod = {
  peftType: "LILY",
  configClass: "LilyConfig",
  formula: "r · num_B per layer; r · in and num_B · r · out are shared",
  fields: adapterFields(
    ["r", "stride_A", "num_B", "scaling", "target_modules", "exclude_modules"],
    ["modules_to_save", "layers_to_transform", "layers_pattern", "init_weights"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: true },
  adaptsConv1d: false,
  others: "not_implemented_by_peft",
  read: (adapter, graph) => {
    const rank = adapter.integer("r") ?? 32;
    const stride = adapter.integer("stride_A") ?? 1;
    const copies = adapter.integer("num_B") ?? 2;
    if (stride < 1) rejectBelow(adapter, "stride_A", 1);
    if (copies < 2) rejectBelow(adapter, "num_B", 2);
    const targets = targetsOf(adapter, graph);
    return {
      ofModel: (modules) =>
        groupsOf(adapter, targets, modules).flatMap(({ site, layers }) =>
          sharedTensors(site, { rank, copies, blocks: Math.ceil(layers / stride) }),
        ),
      linear: (_in, _out, site) => {
        requirePositive(site, "r", rank);
        return [trained("lily_router.default.weight", copies, rank)];
      },
    };
  },
};

interface Group {
  readonly site: Site;
  readonly layers: number;
}

/** Layers that share their B: those that the same name targets, of the same shape. */
function groupsOf(
  adapter: Fields,
  targets: string | readonly string[],
  modules: readonly AdaptedModule[],
): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { site } of modules) {
    for (const path of pathsOf(site)) {
      const key = `${nameThatTargets(adapter, targets, path)} ${shapeOf(site).join(" ")}`;
      groups.set(key, { site, layers: (groups.get(key)?.layers ?? 0) + 1 });
    }
  }
  return [...groups.values()];
}

/** Names or a pattern, as PEFT has them when it looks which layers share. */
function targetsOf(adapter: Fields, graph: ModuleGraph): string | readonly string[] {
  const names = readModuleNames(adapter, "target_modules");
  if (names?.kind === "list") return [...names.names];
  if (names?.kind === "pattern") return names.pattern;
  if (names === undefined) return defaultTargets("LILY", graph.modelType) ?? [];
  return [...namesOfAllLinear(graph, headOutsideAllLinear(graph, readTaskType(adapter)))];
}

/** PEFT keeps names in a set, whose order decides where several fit. */
function nameThatTargets(
  adapter: Fields,
  targets: string | readonly string[],
  path: string,
): string {
  if (typeof targets === "string") return targets;
  const fitting = targets.filter((name) => path.endsWith(name));
  const [name] = fitting;
  if (name !== undefined && fitting.length === 1) return name;
  reject({
    code: "unsupported",
    path: adapter.at("target_modules"),
    message: `which layers share their A and B in LILY depends on the order of a set in Python here (${path}); name every kind of module once`,
    received: targets,
    expected: "list of names of which one fits each module",
  });
}

function shapeOf({ node: { layer } }: Site): readonly [number, number] {
  return layer !== undefined && "inFeatures" in layer
    ? [layer.inFeatures, layer.outFeatures]
    : [0, 0];
}

function sharedTensors(
  site: Site,
  { rank, copies, blocks }: { rank: number; copies: number; blocks: number },
): readonly AdapterTensor[] {
  const [inFeatures, outFeatures] = shapeOf(site);
  return [
    trained("lily_A.default.weight", blocks, rank, inFeatures),
    trained("lily_B.default.weight", copies * rank, outFeatures),
  ];
}
