/** Trainable tokens as a method of its own: single rows of the embedding, and of a head that is tied to it. */

import type { AdapterField } from "../../fields/scenario.js";
import type { Layer, ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { embeddingPath } from "../plan/embedding-path.js";
import type { World } from "../../worlds/world.js";
import { misfit, trained } from "./tensors.js";
import { patternNames } from "../targets/module-names.js";
import type { AdaptedModule, AdapterPlan, AdapterTensor } from "../plan/plan.js";
import { planTuner } from "../tuner/plan-tuner.js";
import { escapeRegex } from "../regex/python-regex.js";
import { readTargeting } from "../targets/targeting.js";
import { tiedModules } from "../beside/tie-embeddings.js";
import { readTaskType, rejectTaskWithHead } from "../plan/task-type.js";

export const TOKEN_FIELDS: readonly AdapterField[] = [
  "token_indices",
  "target_modules",
  "init_weights",
];

/**
 *     tokens · d per layer; a head tied to the embedding runs with the same rows and adds none
 *
 * Since transformers 5 a tied head that is targeted itself keeps rows of its own around the shared ones: PEFT asks for the tied
 * weight by the name it has by then, which is that of the layer inside the head's own wrapper.
 *
 * Source: peft tuners/trainable_tokens/model.py `TrainableTokensModel.inject_adapter`.
 */
export function planTrainableTokens(
  graph: ModuleGraph,
  adapter: Fields,
  world: World,
): AdapterPlan {
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
      const isIn = (some: readonly Site[], { path }: Site): boolean =>
        some.some((site) => site.path === path);
      const keepsOwn = world.rules.adaptsTiedHeads;
      const targeted = sites
        .filter((site) => keepsOwn || !isIn(followed, site))
        .map((site): AdaptedModule => ({ site, tensors: [rowsOf(site, indices)] }));
      // The same rows under a second name: saved twice, counted once.
      const second = followed.map((site): AdaptedModule => ({
        site: keepsOwn && isIn(sites, site) ? insideWrapper(site) : site,
        tensors: [{ ...rowsOf(site, indices), trainable: false, shared: true }],
      }));
      return [...targeted, ...second];
    },
  });
  rejectTaskWithHead(adapter, taskType);
  return plan;
}

/** What a wrapper around the layer holds it as. */
function insideWrapper(site: Site): Site {
  return { ...site, path: `${site.path}.base_layer`, pattern: `${site.pattern}.base_layer` };
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
