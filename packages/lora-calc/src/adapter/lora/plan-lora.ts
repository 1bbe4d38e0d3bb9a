/** The plan of LoRA and its variants. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import type { Site } from "../../graph/tree/sites.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { World } from "../../worlds/world.js";
import { decideSites } from "../targets/decide-sites.js";
import { sharpestSight } from "../regex/layer-sight.js";
import type { AdaptedModule, AdapterPlan } from "../plan/plan.js";
import { planTuner } from "../tuner/plan-tuner.js";
import type { TiedModules } from "../tuner/plan-tuner.js";
import { PatternTable } from "../targets/pattern-table.js";
import { resolveTargets } from "../targets/resolve-targets.js";
import { headOutsideAllLinear } from "../targets/all-linear.js";
import { readTargeting } from "../targets/targeting.js";
import { readTaskType } from "../plan/task-type.js";
import { tieEmbeddings } from "../beside/tie-embeddings.js";
import type { Tying } from "../beside/tie-embeddings.js";
import { replicateLayers } from "../tuner/replicate-layers.js";
import { readTokenIndices, trainedTokens } from "../beside/trained-tokens.js";
import { adaptLayer } from "./adapt-layer.js";
import { adaptParameters } from "./adapt-parameters.js";
import { readLoraConfig } from "./lora-config.js";
import type { LoraConfig } from "./lora-config.js";
import { rewriteExperts } from "./rewrite-experts.js";

/** Source: peft tuners/lora/model.py `LoraModel`. */
export function planLora(base: ModuleGraph, adapter: Fields, world: World): AdapterPlan {
  const taskType = readTaskType(adapter);
  const read = { targeting: readTargeting(adapter), config: readLoraConfig(adapter) };
  // Where experts are parameters, names that were those of their modules are rewritten.
  const { targeting: given, config } = world.rules.fusesExperts
    ? rewriteExperts(base, read, headOutsideAllLinear(base, taskType))
    : read;
  const graph = replicateLayers(base, adapter);
  const tying = config.ensureWeightTying ? tieEmbeddings(graph, given) : { targeting: given };
  const targeting = resolveTargets(graph, tying.targeting, "LORA", { taskType });
  const indices = readTokenIndices(graph, adapter);
  const patterns = {
    rank: new PatternTable(config.rankPattern, "adapter.rank_pattern"),
    alpha: new PatternTable(config.alphaPattern, "adapter.alpha_pattern"),
  };
  const plan = planTuner(graph, {
    peftType: "LORA",
    taskType,
    targeting,
    hasDefaultTargets: !adapter.has("target_modules"),
    bias: adapter.string("bias") ?? "none",
    dropout: "lora_dropout",
    adapt: (sites) => sites.flatMap((site) => adaptSite(site, config, patterns)),
    adaptParameters: (adapted) =>
      adaptParameters(graph, given.targetParameters ?? [], config, {
        adapted,
        valuesFor: (path) => ({
          rank: patterns.rank.valueFor(path) ?? config.rank,
          alpha: patterns.alpha.valueFor(path) ?? config.alpha,
        }),
      }),
    isReplicated: graph !== base,
    tied: tiedTo(tying, config),
    tokens: (adapted) =>
      trainedTokens(graph, adapter, indices, {
        modulesToSave: tying.targeting.modulesToSave ?? [],
        adapted,
      }),
  });
  if (!world.rules.adaptsTiedHeads) rejectAdaptedFollower(plan);
  const ensuresTying = config.ensureWeightTying && graph.tied.length > 0;
  return ensuresTying ? { ...plan, ensuresTying } : plan;
}

/** Before transformers 5 the tied head of trained tokens may not be adapted itself. */
function rejectAdaptedFollower({ tokens = [], modules }: AdapterPlan): void {
  const head = tokens.find(({ followedBy }) =>
    modules.some(({ site }) => site.path === followedBy),
  )?.followedBy;
  if (head === undefined) return;
  reject({
    code: "invalid_adapter_type",
    path: "adapter.trainable_token_indices",
    message: `${head} follows the trained tokens and is adapted; leave one of them out, or take transformers 5`,
    received: head,
  });
}

/** The A and B of a tied module are the embedding's B and A, so they have its rank. */
function tiedTo({ adaptedTied, copiedTied }: Tying, config: LoraConfig): TiedModules {
  return {
    ...(copiedTied === undefined ? {} : { copiedPaths: copiedTied }),
    ...(adaptedTied === undefined
      ? {}
      : {
          adapted: {
            paths: adaptedTied,
            adapt: (site, { lora }) =>
              adaptLayer(site, config, {
                rank: lora?.rank ?? config.rank,
                alpha: lora?.alpha ?? config.alpha,
              }),
          },
        }),
  };
}

interface Patterns {
  readonly rank: PatternTable;
  readonly alpha: PatternTable;
}

function adaptSite(site: Site, config: LoraConfig, patterns: Patterns): readonly AdaptedModule[] {
  const { rank, alpha } = patterns;
  const sight = sharpestSight([rank.layerSight, alpha.layerSight]);
  // One text that decides both, so that occurrences are compared by it.
  const keyOf = (path: string): string => `${rank.valueFor(path)} ${alpha.valueFor(path)}`;
  return decideSites([site], sight, keyOf).map(({ site: alike }) =>
    adaptLayer(alike, config, {
      rank: rank.valueFor(alike.path) ?? config.rank,
      alpha: alpha.valueFor(alike.path) ?? config.alpha,
    }),
  );
}
