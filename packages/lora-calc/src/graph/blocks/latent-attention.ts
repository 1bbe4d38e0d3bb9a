/** Attention whose queries, keys and values are made from short vectors (deepseek and its kin). */

import type { Config } from "../../model/config.js";
import type { LatentAttentionForward, RotaryVariant } from "../tree/forward.js";
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
  readonly index?: LatentIndex;
}

/** Of attention to chosen tokens. */
export interface LatentIndex {
  /** Heads of an indexer; absent where the choice of an earlier layer is used. */
  readonly heads?: number;
  readonly chosen: number;
  readonly isInterleaved: boolean;
  readonly returnsChoice: boolean;
}

/** Multi-head latent attention: queries (optionally), keys and values are made from short vectors. */
export function latentAttention(
  prefix: string,
  config: Config,
  { hiddenSize, heads, ropeDim, rotary, index, ...usual }: LatentSizes,
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
  return container("self_attn", `${prefix}Attention`, {
    ...(keyHeadsAreAll
      ? {
          forward: {
            kind: "latent_attention",
            query: queryRank === undefined ? ["q_proj"] : ["q_a_proj", "q_a_layernorm", "q_b_proj"],
            keyValue: ["kv_a_proj_with_mqa", "kv_a_layernorm", "kv_b_proj"],
            output: "o_proj",
            ...{ heads, keyValueHeads: heads, headDim: plainDim + ropeDim },
            ...{ valueDim, plainDim, ropeDim, keyRank, rotary },
            attentionDropout: config.number("attention_dropout", 0),
            ...(index === undefined ? {} : { sparse: sparseOf(index) }),
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
      index?.heads === undefined
        ? undefined
        : indexer(prefix, hiddenSize, {
            queryRank: queryRank ?? usual.queryRank,
            heads: index.heads,
            headDim: config.size("index_head_dim", 128),
            ...{ ropeDim, chosen: index.chosen, isInterleaved: index.isInterleaved },
          }),
    ],
  });
}

function sparseOf({
  heads,
  returnsChoice,
}: LatentIndex): NonNullable<LatentAttentionForward["sparse"]> {
  return { ...(heads === undefined ? {} : { indexer: "indexer" }), returnsChoice };
}

interface IndexerSizes {
  readonly queryRank: number;
  readonly heads: number;
  readonly headDim: number;
  readonly ropeDim: number;
  readonly chosen: number;
  readonly isInterleaved: boolean;
}

function indexer(
  prefix: string,
  hiddenSize: number,
  { queryRank, heads, headDim, ...program }: IndexerSizes,
): ModuleNode {
  return container("indexer", `${prefix}Indexer`, {
    forward: {
      kind: "sparse_index",
      ...{ query: "wq_b", key: "wk", norm: "k_norm", weights: "weights_proj" },
      ...{ heads, headDim, ...program },
    },
    children: [
      linear("wq_b", queryRank, heads * headDim),
      linear("wk", hiddenSize, headDim),
      layerNorm("k_norm", headDim),
      linear("weights_proj", hiddenSize, heads),
    ],
  });
}
