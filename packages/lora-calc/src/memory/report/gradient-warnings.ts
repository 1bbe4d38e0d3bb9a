/** Adapters that no gradient ever reaches, because the class uses their module without one, or reads its weight past them. */

import type { AdapterPlan } from "../../adapter/plan/plan.js";
import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Warning } from "../../problem/codes.js";
import { elementCount } from "../../units/dtype.js";
import { formatCount } from "../../units/format.js";

/** "all-linear" on GLM-5 puts adapters on the indexer, whose choice of tokens has no gradient. */
export function gradientWarnings(graph: ModuleGraph, { modules }: AdapterPlan): readonly Warning[] {
  const places = sitesOf(graph).flatMap(({ node, pattern }) => withoutGradient(node, pattern));
  return places.length === 0 ? [] : WHY.flatMap((why) => warningOf(why, places, modules));
}

type Why = "chosen" | "read" | "looking";

const WHY: readonly Why[] = ["chosen", "read", "looking"];

const SENTENCES: Readonly<Record<Why, string>> = {
  chosen: "tokens are chosen without gradients",
  read: "the layer reads the weight of the base, whatever adapter is on it",
  looking: "a batch of text alone passes by the layers that look at pictures",
};

interface Place {
  readonly pattern: string;
  readonly why: Why;
}

function withoutGradient({ forward }: ModuleNode, pattern: string): readonly Place[] {
  if (forward?.kind === "sparse_index") return [{ pattern, why: "chosen" }];
  if (forward?.kind === "looking_layer") return [{ pattern, why: "looking" }];
  if (forward?.kind === "mamba") return [{ pattern: `${pattern}.${forward.step}`, why: "read" }];
  if (forward?.kind !== "alternating_layer") return [];
  const { module, correction } = forward.updates;
  return [{ pattern: `${pattern}.${module}.${correction}`, why: "read" }];
}

function warningOf(
  why: Why,
  places: readonly Place[],
  modules: AdapterPlan["modules"],
): readonly Warning[] {
  const found = modules.filter(({ site }) =>
    places.some(
      (place) =>
        place.why === why &&
        (site.pattern === place.pattern || site.pattern.startsWith(`${place.pattern}.`)),
    ),
  );
  const parameters = found.reduce(
    (sum, { site, tensors }) =>
      sum +
      site.count *
        tensors.reduce(
          (all, { shape, trainable }) => all + (trainable ? elementCount(shape) : 0),
          0,
        ),
    0,
  );
  const names = [...new Set(found.map(({ site }) => site.pattern.split(".").at(-1) ?? ""))];
  if (parameters === 0) return [];
  return [
    {
      code: "adapters_without_gradient",
      message: `${formatCount(parameters)} of the trainable parameters never train: adapters on ${names.join(", ")} get no gradient, for ${SENTENCES[why]}; exclude_modules leaves them out`,
    },
  ];
}
