/** Frozen embeddings that PEFT writes into the adapter file because the configuration targets one by name. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import type { ModuleNames } from "../targets/module-names.js";
import type { AdaptedModule } from "../plan/plan.js";

/** Source: peft utils/constants.py `EMBEDDING_LAYER_NAMES`. */
export const EMBEDDING_NAMES: readonly string[] = ["embed_tokens", "lm_head"];

/** Adapted input and output embeddings, when they are saved. Source: peft utils/save_and_load.py. */
export function savedEmbeddings(
  graph: ModuleGraph,
  targets: ModuleNames | undefined,
  modules: readonly AdaptedModule[],
): readonly Site[] {
  if (!targetsEmbedding(graph, targets)) return [];
  const paths = [graph.inputEmbedding, graph.outputEmbedding];
  return modules.map(({ site }) => site).filter(({ path }) => paths.includes(path));
}

function targetsEmbedding(graph: ModuleGraph, targets: ModuleNames | undefined): boolean {
  switch (targets?.kind) {
    case "list":
      return EMBEDDING_NAMES.some((name) => targets.names.has(name));
    case "pattern":
      return sitesOf(graph).some(
        ({ path, node }) => EMBEDDING_NAMES.includes(node.name) && targets.regex.fullMatch(path),
      );
    case "all_linear":
    case undefined:
      return false;
  }
}
