/** Trainable tokens as a method of its own: single rows of the embedding, and of a head that is tied to it. */

import type { Layer, ModuleGraph } from "../graph/module-graph.js";
import { sitesOf } from "../graph/sites.js";
import type { Site } from "../graph/sites.js";
import type { Fields } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { embeddingPath } from "./embedding-path.js";
import { misfit, trained } from "./methods/tensors.js";
import { patternNames } from "./module-names.js";
import type { AdaptedModule, AdapterPlan, AdapterTensor } from "./plan.js";
import { planTuner } from "./plan-tuner.js";
import { escapeRegex } from "./python-regex.js";
import { readTargeting } from "./targeting.js";
import { tiedModules } from "./tie-embeddings.js";
import { readTaskType, rejectTaskWithHead } from "./task-type.js";

export const TOKEN_FIELDS: readonly string[] = ["token_indices", "target_modules", "init_weights"];

/**
 *     tokens · d per layer; a head tied to the embedding runs with the same rows and adds none
 *
 * Source: peft@0.21.0 tuners/trainable_tokens/model.py `TrainableTokensModel`.
 */
export function planTrainableTokens(graph: ModuleGraph, adapter: Fields): AdapterPlan {
  const taskType = readTaskType(adapter);
  const indices = adapter.integerList("token_indices") ?? [];
  const given = readTargeting(adapter, { againstText: [], patternNeedsLayers: false });
  const targets =
    given.targets ?? patternNames(escapeRegex(embeddingPath(graph)), adapter.at("target_modules"));
  const followers = sitesOf(graph).filter(({ path }) => tiedModules(graph).includes(path));
  const plan = planTuner(graph, {
    peftType: "TRAINABLE_TOKENS",
    taskType,
    targeting: { ...given, targets },
    hasDefaultTargets: given.targets === undefined,
    bias: "none",
    leavesHeads: true,
    adapt: (sites) => {
      const isFollowed = sites.some(({ path }) => path === graph.inputEmbedding);
      const followed = isFollowed ? followers : [];
      const targeted = sites
        .filter(({ path }) => !followed.some((site) => site.path === path))
        .map((site): AdaptedModule => ({ site, tensors: [rowsOf(site, indices)] }));
      // The same rows under a second name: saved twice, counted once.
      const second = followed.map((site): AdaptedModule => ({
        site,
        tensors: [{ ...rowsOf(site, indices), trainable: false, shared: true }],
      }));
      return [...targeted, ...second];
    },
  });
  rejectTaskWithHead(adapter, taskType);
  return plan;
}

function rowsOf(site: Site, indices: readonly number[]): AdapterTensor {
  const { pattern, node } = site;
  const size = tableOf(node.layer);
  if (size !== undefined) {
    const [rows, dim] = size;
    const outside = indices.find((index) => index >= rows || index < -rows);
    if (outside !== undefined) misfit(site, "token_indices", outside, `below ${rows}`);
    return trained("trainable_tokens_delta.default", indices.length, dim);
  }
  reject({
    code: "missing_attribute",
    path: "adapter.target_modules",
    message: `${pattern} is a ${node.type}; only embeddings and heads have tokens`,
    received: pattern,
  });
}

/** Rows of a layer's weight, and values in each. */
function tableOf(layer: Layer | undefined): readonly [number, number] | undefined {
  if (layer?.kind === "embedding") return [layer.rows, layer.dim];
  return layer?.kind === "linear" ? [layer.outFeatures, layer.inFeatures] : undefined;
}
