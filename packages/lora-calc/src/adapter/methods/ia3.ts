/** (IA)³: one vector per layer that scales its outputs, or its inputs in feed-forward layers. */

import { adapterFields } from "../../fields/scenario.js";
import { feedforwardByDefault } from "../../catalogue/default-targets.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import type { Fields } from "../../problem/fields.js";
import { readModuleNames } from "../targets/module-names.js";
import { rejectOption } from "../plan/reject-option.js";
import type { LayerMethod } from "./layer-method.js";
import { trained } from "./tensors.js";

/**
 *     out, or in where the layer is one of `feedforward_modules`
 *
 * Source: Liu et al. 2022, arXiv:2205.05638; peft tuners/ia3/model.py `_check_target_module_feedforward`.
 */
export const ia3: LayerMethod = {
  peftType: "IA3",
  configClass: "IA3Config",
  formula: "out per layer; in for feed-forward modules",
  fields: adapterFields(
    ["target_modules", "exclude_modules", "feedforward_modules", "fan_in_fan_out"],
    ["modules_to_save", "init_ia3_weights"],
  ),
  layerRules: { againstText: [], patternNeedsLayers: false },
  adaptsConv1d: true,
  others: "unsupported_target_module",
  read: (adapter, graph) => {
    const isFeedforward = readFeedforward(adapter, graph);
    return {
      keyOf: (path) => String(isFeedforward(path)),
      conv: {
        kinds: ["conv2d", "conv3d"],
        tensors: ({ inChannels, outChannels, kernel }, { path }) => [
          trained(
            "ia3_l.default",
            1,
            isFeedforward(path) ? inChannels : outChannels,
            ...kernel.map(() => 1),
          ),
        ],
      },
      linear: (inFeatures, outFeatures, { path }) => [
        isFeedforward(path)
          ? trained("ia3_l.default", 1, inFeatures)
          : trained("ia3_l.default", outFeatures, 1),
      ],
    };
  },
};

/** A list holds ends of paths, without regard to dots; a text is a regular expression for the whole path. */
function readFeedforward(adapter: Fields, graph: ModuleGraph): (path: string) => boolean {
  const given = readModuleNames(adapter, "feedforward_modules");
  if (given?.kind === "pattern") return (path) => given.regex.fullMatch(path);
  const names = given?.kind === "list" ? given.names : defaultsFor(adapter, graph);
  const targets = readModuleNames(adapter, "target_modules");
  if (given?.kind === "list" && targets?.kind === "list") {
    const extra = [...names].find((name) => !targets.names.has(name));
    if (extra !== undefined) {
      rejectOption(adapter, "feedforward_modules", `must be among target_modules (${extra})`);
    }
  }
  return (path) => [...names].some((name) => path.endsWith(name));
}

function defaultsFor(adapter: Fields, { modelType }: ModuleGraph): Iterable<string> {
  return (
    feedforwardByDefault(modelType) ??
    rejectOption(
      adapter,
      "feedforward_modules",
      `must be given: PEFT has no default for model_type ${modelType}`,
    )
  );
}
