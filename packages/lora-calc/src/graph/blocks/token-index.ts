/** Which layers choose tokens for their attention, and which use the choice of an earlier one (deepseek_v32, glm_moe_dsa). */

import type { Config } from "../../model/config.js";
import type { LatentIndex } from "./latent-attention.js";

export interface Indexer {
  readonly heads: number;
  readonly isShared?: typeof sharesIndex;
}

/** Layers that share the choice turn neighbours in the indexer (glm_moe_dsa). */
export function indexOf(
  config: Config,
  { heads, isShared }: Indexer,
  usesEarlier: boolean,
): LatentIndex {
  const isInterleaved = isShared !== undefined;
  return {
    ...(usesEarlier ? {} : { heads: config.size("index_n_heads", heads) }),
    chosen: config.size("index_topk", 2048),
    ...{ isInterleaved, returnsChoice: isInterleaved },
  };
}

/**
 * Layers that use the choice of an earlier one.
 *
 * Source: transformers models/glm_moe_dsa/configuration_glm_moe_dsa.py `__post_init__`.
 */
export function sharesIndex(config: Config): (index: number) => boolean {
  const types = config.stringList("indexer_types");
  if (types !== undefined) return (index) => types[index] === "shared";
  const pattern = config.fields.get("index_topk_pattern");
  if (typeof pattern === "string") return (index) => pattern[index] === "S";
  const frequency = Math.max(config.integer("index_topk_freq", 1), 1);
  const offset = config.integer("index_skip_topk_offset", 2);
  return (index) => Math.max(index - offset + 1, 0) % frequency !== 0;
}
