/** Attention whose queries, keys and values are made from short vectors (deepseek and its kin). */

import type { Config } from "../../model/config.js";
import type { RotaryVariant } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, layerNorm, linear, rmsNorm } from "../tree/vocabulary.js";

export interface LatentDefaults {
  readonly queryRank: number;
  readonly plainDim: number;
  readonly valueDim: number;
  /** Default: 512. */
  readonly keyRank?: number;
}

export interface LatentSizes extends LatentDefaults {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly ropeDim: number;
  readonly rotary: RotaryVariant;
  readonly indexHeads?: number;
}

/** Multi-head latent attention: queries (optionally), keys and values are made from short vectors. */
export function latentAttention(
  prefix: string,
  config: Config,
  { hiddenSize, heads, ropeDim, rotary, indexHeads, ...usual }: LatentSizes,
): ModuleNode {
  // Fewer are not repeated, and the class stops.
  const keyHeadsAreAll = config.integer("num_key_value_heads", heads) === heads;
  const plainDim = config.size("qk_nope_head_dim", usual.plainDim);
  const valueDim = config.size("v_head_dim", usual.valueDim);
  const keyRank = config.size("kv_lora_rank", usual.keyRank ?? 512);
  const queryRank = config.isNull("q_lora_rank")
    ? undefined
    : config.size("q_lora_rank", usual.queryRank);
  const bias = config.boolean("attention_bias", false);
  const queryWidth = heads * (plainDim + ropeDim);
  const isPlain = indexHeads === undefined && keyHeadsAreAll;
  return container("self_attn", `${prefix}Attention`, {
    ...(isPlain
      ? {
          forward: {
            kind: "latent_attention",
            query: queryRank === undefined ? ["q_proj"] : ["q_a_proj", "q_a_layernorm", "q_b_proj"],
            keyValue: ["kv_a_proj_with_mqa", "kv_a_layernorm", "kv_b_proj"],
            output: "o_proj",
            heads,
            keyValueHeads: heads,
            headDim: plainDim + ropeDim,
            valueDim,
            plainDim,
            ropeDim,
            keyRank,
            rotary,
            attentionDropout: config.number("attention_dropout", 0),
          },
        }
      : {}),
    children: [
      ...(queryRank === undefined
        ? [linear("q_proj", hiddenSize, queryWidth)]
        : [
            linear("q_a_proj", hiddenSize, queryRank, { bias }),
            rmsNorm("q_a_layernorm", `${prefix}RMSNorm`, queryRank),
            linear("q_b_proj", queryRank, queryWidth),
          ]),
      linear("kv_a_proj_with_mqa", hiddenSize, keyRank + ropeDim, { bias }),
      rmsNorm("kv_a_layernorm", `${prefix}RMSNorm`, keyRank),
      linear("kv_b_proj", keyRank, heads * (plainDim + valueDim)),
      linear("o_proj", heads * valueDim, hiddenSize, { bias }),
      indexHeads === undefined
        ? undefined
        : indexer(prefix, hiddenSize, {
            queryRank: queryRank ?? usual.queryRank,
            heads: indexHeads,
            headDim: config.size("index_head_dim", 128),
          }),
    ],
  });
}

interface IndexerSizes {
  readonly queryRank: number;
  readonly heads: number;
  readonly headDim: number;
}

function indexer(
  prefix: string,
  hiddenSize: number,
  { queryRank, heads, headDim }: IndexerSizes,
): ModuleNode {
  return container("indexer", `${prefix}Indexer`, {
    children: [
      linear("wq_b", queryRank, heads * headDim),
      linear("wk", hiddenSize, headDim),
      layerNorm("k_norm", headDim),
      linear("weights_proj", hiddenSize, heads),
    ],
  });
}
