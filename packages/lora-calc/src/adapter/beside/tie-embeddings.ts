/** What `ensure_weight_tying` makes of a configuration: input and output embedding are trained together. */

import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import { listNames, patternNames } from "../targets/module-names.js";
import { escapeRegex } from "../regex/python-regex.js";
import { EMBEDDING_NAMES } from "./saved-embeddings.js";
import type { Targeting } from "../targets/targeting.js";

export interface Tying {
  /** Rewritten so that the input embedding is chosen in place of what is tied to it. */
  readonly targeting: Targeting;
  /** Paths of tied modules that get an adapter of the embedding's shape, whatever else selects them. */
  readonly adaptedTied?: readonly string[];
  /** Paths of tied modules whose copy is the embedding's copy. */
  readonly copiedTied?: readonly string[];
}

/**
 * Only what the configuration names itself counts, before defaults and "all-linear" are looked up; copies go before
 * adapters. Without a tied head nothing changes.
 *
 * Source: peft tuners/tuners_utils.py `_check_tied_modules`, tuners/lora/model.py `_add_modules_to_save_to_tie`,
 * `_add_targets_to_tie`.
 */
export function tieEmbeddings(graph: ModuleGraph, targeting: Targeting): Tying {
  const { inputEmbedding } = graph;
  const tied = tiedModules(graph);
  if (inputEmbedding === undefined || tied.length === 0) return { targeting };
  const { modulesToSave = [], targets } = targeting;
  if (modulesToSave.some(isEmbeddingName)) {
    return {
      targeting: {
        ...targeting,
        modulesToSave: swapped(modulesToSave, inputEmbedding, tied),
      },
      copiedTied: tied,
    };
  }
  if (targets?.kind === "list" && [...targets.names].some(isEmbeddingName)) {
    const names = swapped([...targets.names], inputEmbedding, tied);
    return {
      targeting: { ...targeting, targets: listNames(names) },
      adaptedTied: tied,
    };
  }
  if (targets?.kind === "pattern") {
    const { pattern, regex } = targets;
    if (EMBEDDING_NAMES.some((name) => regex.fullMatch(name))) {
      const wider = `(?:${pattern}|^${escapeRegex(inputEmbedding)}$)`;
      return {
        targeting: { ...targeting, targets: patternNames(wider, "adapter.target_modules") },
        adaptedTied: tied,
      };
    }
  }
  return { targeting };
}

function isEmbeddingName(name: string): boolean {
  return EMBEDDING_NAMES.includes(name.slice(name.lastIndexOf(".") + 1));
}

/** The names with the embedding in them, and for every tied module without the first that stands for it or for what it lies in. */
function swapped(
  names: readonly string[],
  embedding: string,
  tied: readonly string[],
): readonly string[] {
  const all = names.includes(embedding) ? names : [...names, embedding];
  return tied.reduce((left, path) => {
    const first = left.findIndex((name) => `.${path}.`.includes(`.${name}.`));
    return left.filter((_, index) => index !== first);
  }, all);
}

/**
 * Paths of the modules whose weight is tied to the input embedding's: all that name another weight as their source.
 *
 * Source: peft utils/other.py `_get_module_names_tied_with_embedding`.
 */
export function tiedModules(graph: ModuleGraph): readonly string[] {
  if (graph.hidesTies === true) return [];
  const weight = `${graph.inputEmbedding}.weight`;
  const group = graph.tied.find((names) => names.includes(weight)) ?? [];
  if (group.length === 0) return [];
  const others = new Set(group.filter((name) => name !== weight));
  return sitesOf(graph).flatMap(({ path, node }) =>
    others.has(`${path}.weight`) &&
    node.parameters.some(
      ({ name, tiedTo, isDeclaredTied }) =>
        name === "weight" && (tiedTo !== undefined || isDeclaredTied === true),
    )
      ? [path]
      : [],
  );
}
