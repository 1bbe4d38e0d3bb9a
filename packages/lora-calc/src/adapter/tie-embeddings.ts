/** What `ensure_weight_tying` makes of a configuration: input and output embedding are trained together. */

import type { ModuleGraph } from "../graph/module-graph.js";
import { listNames, patternNames } from "./module-names.js";
import { escapeRegex } from "./python-regex.js";
import { EMBEDDING_NAMES } from "./saved-embeddings.js";
import type { Targeting } from "./targeting.js";

export interface Tying {
  /** Rewritten so that the input embedding is chosen in place of what is tied to it. */
  readonly targeting: Targeting;
  /** Path of the head that gets an adapter of the embedding's shape, whatever else selects it. */
  readonly adaptedHead?: string;
  /** Path of the head whose copy is the embedding's copy. */
  readonly copiedHead?: string;
}

/**
 * Only what the configuration names itself counts, before defaults and "all-linear" are looked up; copies go before
 * adapters. Without a tied head nothing changes.
 *
 * Source: peft@0.21.0 tuners/tuners_utils.py `_check_tied_modules`, tuners/lora/model.py `_add_modules_to_save_to_tie`,
 * `_add_targets_to_tie`.
 */
export function tieEmbeddings(graph: ModuleGraph, targeting: Targeting): Tying {
  const { inputEmbedding, outputEmbedding } = graph;
  if (inputEmbedding === undefined || outputEmbedding === undefined) return { targeting };
  const isTied = graph.tied.some(
    (names) =>
      names.includes(`${inputEmbedding}.weight`) && names.includes(`${outputEmbedding}.weight`),
  );
  if (!isTied) return { targeting };
  const { modulesToSave = [], targets } = targeting;
  if (modulesToSave.some(isEmbeddingName)) {
    return {
      targeting: {
        ...targeting,
        modulesToSave: swapped(modulesToSave, inputEmbedding, outputEmbedding),
      },
      copiedHead: outputEmbedding,
    };
  }
  if (targets?.kind === "list" && [...targets.names].some(isEmbeddingName)) {
    const names = swapped([...targets.names], inputEmbedding, outputEmbedding);
    return {
      targeting: { ...targeting, targets: listNames(names) },
      adaptedHead: outputEmbedding,
    };
  }
  if (targets?.kind === "pattern") {
    const { pattern, regex } = targets;
    if (EMBEDDING_NAMES.some((name) => regex.fullMatch(name))) {
      const wider = `(?:${pattern}|^${escapeRegex(inputEmbedding)}$)`;
      return {
        targeting: { ...targeting, targets: patternNames(wider, "adapter.target_modules") },
        adaptedHead: outputEmbedding,
      };
    }
  }
  return { targeting };
}

function isEmbeddingName(name: string): boolean {
  return EMBEDDING_NAMES.includes(name.slice(name.lastIndexOf(".") + 1));
}

/** The names with the embedding in them, and without the first that stands for the head or for what it lies in. */
function swapped(names: readonly string[], embedding: string, head: string): readonly string[] {
  const all = names.includes(embedding) ? names : [...names, embedding];
  const first = all.findIndex((name) => `.${head}.`.includes(`.${name}.`));
  return all.filter((_, index) => index !== first);
}
