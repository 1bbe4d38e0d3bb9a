/** How attention computes: what makes queries, keys and values, and what happens to them before they meet. */

/** How rotary position embeddings are applied to queries and keys. */
export type RotaryVariant =
  /** cos and sin in the model's dtype, all dimensions of a head (llama). */
  | "full"
  /** Queries and keys are cast to fp32 for every product, the result is cast back (modernbert). */
  | "full_cast"
  /** cos and sin stay fp32, the result is cast back (olmo2). */
  | "full_fp32"
  /** Only the first dimensions of a head; queries and keys are both turned before they are joined again (gpt_neox). */
  | "partial"
  /** The same, with each joined as soon as it is turned (phi3). */
  | "partial_inline"
  /** The same, all turned before any is joined (nemotron). */
  | "partial_together"
  /** The same as partial, its parts kept until attention returns (phi, stablelm). */
  | "partial_kept"
  /** Neighbours make a pair; tables are interleaved in every layer; the first dimensions of a head (glm, glm4). */
  | "partial_pairs"
  /** The same for all dimensions (helium). */
  | "full_pairs"
  /** The same for all dimensions, in fp32 (ernie4_5). */
  | "full_pairs_fp32"
  /** Queries and keys are fp32 from the start, tables come interleaved (cohere). */
  | "full_pairs_cast_first"
  /** Each half of a head is turned for itself, with tables as wide as a half (gpt_oss). */
  | "halves"
  /** Even and odd channels are cut out, turned and joined as halves, with the first half of the tables (deepseek_v3). */
  | "pairs_apart"
  /** Pairs are complex numbers, in fp32, and so are the tables (deepseek_v2). */
  | "complex";

/** When projections are cut into heads, and these moved to the front; it decides the order of the backward pass. */
export type CutOrder =
  /** When all three are projected (qwen2_vl, olmo). */
  | "after_all"
  /** Queries at once, keys and values when both are projected (opt). */
  | "query_apart"
  /** At once, but moved only when queries and keys are normalised (cohere). */
  | "moved_after_norms";

/** Which child modules make queries, keys and values. */
type Projections =
  | {
      readonly kind: "separate";
      readonly query: string;
      readonly key: string;
      readonly value: string;
      /** Default: each as soon as it is projected. */
      readonly cuts?: CutOrder;
    }
  /** One projection, `split` along the features: all queries, all keys, all values (gpt2). */
  | { readonly kind: "fused_split"; readonly fused: string }
  /** The same cut by slices, whose gradients are padded one by one (phi3). */
  | { readonly kind: "fused_slices"; readonly fused: string }
  /** One projection cut into all queries, and the one head of keys and that of values (gpt_bigcode). */
  | { readonly kind: "fused_multi_query"; readonly fused: string }
  /** One projection viewed in groups of queries, one key and one value, each taken out by an index (falcon). */
  | { readonly kind: "fused_groups"; readonly fused: string; readonly groups: number }
  /** One projection viewed as (3, heads, head_dim) and taken apart (modernbert). */
  | { readonly kind: "fused_unbind"; readonly fused: string }
  /** One projection viewed as (heads, 3·head_dim) and cut inside each head (gpt_neox). */
  | { readonly kind: "fused_per_head"; readonly fused: string };

/**
 * Where queries and keys are normalised: the whole projection (olmo2), each head before the heads are moved to the front
 * (qwen3), or each head after that (gemma3).
 */
export type QueryKeyNormPlace = "projection" | "head" | "head_transposed";

/** What a kernel is told of an attention module. */
export interface AttendingHeads {
  readonly heads: number;
  readonly keyValueHeads: number;
  /** Channels of a head of queries and keys. */
  readonly headDim: number;
  /** Channels of a head of values, where they are others. */
  readonly valueDim?: number;
  readonly attentionDropout: number;
  /** Keys of one head meet the queries of all without being repeated, which no fused kernel takes (falcon). */
  readonly broadcastsKeys?: boolean;
  /** Every position sees every other. */
  readonly isBidirectional?: boolean;
  /** The scores are capped by tanh (only the eager kernel does it); false in a class that could, and is configured not to. */
  readonly softcap?: boolean;
  /** The eager kernel's softmax runs in the dtype of the scores instead of fp32, unless autocast widens it (gpt2). */
  readonly softmaxInScoreDtype?: boolean;
  /** The eager kernel forms scores of queries and keys in fp32 (gptj). */
  readonly scoresInFp32?: boolean;
  /** The eager kernel's softmax keeps the dtype that autocast gives it (llama4). */
  readonly leavesSharesUncast?: boolean;
  /** Eager scores are divided, where other classes multiply them (internlm2). */
  readonly dividesScores?: boolean;
  /** Eager scores are divided in place, and their softmax runs in the dtype of the layer's input (falcon). */
  readonly dividesInPlace?: boolean;
  /** The class has a kernel of its own, which no other replaces. */
  readonly ownKernel?: OwnKernel;
}

/**
 * A kernel that a class without scaled_dot_product_attention writes out itself: queries and keys are cast to fp32, and a table of
 * what may be attended to, a buffer, is applied before the mask (gpt_neo).
 */
interface OwnKernel {
  readonly table: string;
}

export interface AttentionForward extends AttendingHeads {
  readonly kind: "attention";
  readonly projections: Projections;
  /** Absent where another module projects what attention gives (bert). */
  readonly output?: string;
  readonly queryKeyNorm?: {
    readonly on: QueryKeyNormPlace;
    readonly query: string;
    readonly key: string;
  };
  /** Queries are scaled as they are projected (opt). */
  readonly scalesQuery?: boolean;
  /** Keys are multiplied by a number when they are cut into heads (falcon_h1). */
  readonly scalesKey?: boolean;
  readonly rotary?: RotaryVariant;
  /** Rotated dimensions of a head when `rotary` is partial. */
  readonly rotaryDim?: number;
  /** The query projection makes as much again: a gate of the output, whose sigmoid it is multiplied by (qwen3_5). */
  readonly gatesOutput?: boolean;
  /** Turned queries are multiplied by a factor per position (ministral3). */
  readonly scalesByPosition?: boolean;
  /** Window of a sliding-attention layer, in tokens. */
  readonly slidingWindow?: number;
  /** Parameter (heads,) that takes a share of every softmax; only an eager kernel knows it (gpt_oss). */
  readonly sinks?: string;
  readonly outputDropout?: number;
}

/**
 * Heads are turned before they are moved to the front, by sines and cosines out of a table.
 *
 * Source: transformers models/gptj/modeling_gptj.py, models/codegen/modeling_codegen.py.
 */
export interface SinusoidalAttentionForward extends AttendingHeads {
  readonly kind: "sinusoidal_attention";
  readonly projections:
    | {
        readonly kind: "separate";
        readonly query: string;
        readonly key: string;
        readonly value: string;
      }
    /** Queries, values and keys of each piece of the heads side by side (codegen). */
    | { readonly kind: "fused_pieces"; readonly fused: string; readonly pieces: number };
  readonly output: string;
  /** Where every layer looks them up, and forms scores itself. */
  readonly own?: {
    /** Buffer (positions, rotaryDim): sines, then cosines. */
    readonly table: string;
    /** Rows are gathered out of a copy of the table, in the dtype of the keys (gptj). */
    readonly gathers: boolean;
    /** Scores are masked before they are divided (codegen). */
    readonly masksFirst: boolean;
  };
  /** Turned queries and keys are cast to the dtype of the values (codegen). */
  readonly castsTurned?: boolean;
  /** Turned dimensions of a head. */
  readonly rotaryDim: number;
  readonly outputDropout: number;
}

/**
 * Queries and keys are turned, normalised and scaled before their heads are moved to the front.
 *
 * Source: transformers models/llama4/modeling_llama4.py `Llama4TextAttention`.
 */
export interface UnmovedAttentionForward extends AttendingHeads {
  readonly kind: "unmoved_attention";
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
  /** Pairs are turned as complex numbers. */
  readonly rotates: boolean;
  /** Child that normalises each head of queries and of keys. */
  readonly norm?: string;
  /** Queries are multiplied by a factor per position. */
  readonly tempers: boolean;
}

/**
 * Every layer has tables of its own, of which it takes rows, and forms scores itself.
 *
 * Source: modeling_internlm2.py of internlm/internlm2-chat-7b, `InternLM2Attention`.
 */
export interface TabledAttentionForward extends AttendingHeads {
  readonly kind: "tabled_attention";
  /** One projection viewed in groups of queries, one key and one value. */
  readonly fused: string;
  readonly output: string;
  /** Child whose buffers are the tables. */
  readonly rotary: string;
}

/**
 * Queries and keys are turned in fp32 before their heads are moved to the front, and every layer makes the table of what it sees.
 *
 * Source: modeling_qwen.py of Qwen/Qwen-7B, `QWenAttention`.
 */
export interface FloatTurnedAttentionForward extends AttendingHeads {
  readonly kind: "float_turned_attention";
  /** One projection, cut into all queries, all keys and all values. */
  readonly fused: string;
  readonly output: string;
}

/**
 * Multi-head latent attention: queries (perhaps), keys and values are made from short vectors, and one turned key serves all
 * heads.
 *
 * Source: transformers models/deepseek_v3/modeling_deepseek_v3.py, models/deepseek_v2/modeling_deepseek_v2.py.
 */
export interface LatentAttentionForward extends AttendingHeads {
  readonly kind: "latent_attention";
  /** Children that make queries: one projection, or down, norm and up. */
  readonly query: readonly [string] | readonly [down: string, norm: string, up: string];
  /** Children that make keys and values: down (with the turned key), norm and up. */
  readonly keyValue: readonly [down: string, norm: string, up: string];
  readonly output: string;
  /** Channels of a head that are not turned; headDim is the sum of both. */
  readonly plainDim: number;
  readonly ropeDim: number;
  readonly valueDim: number;
  readonly keyRank: number;
  readonly rotary: RotaryVariant;
  /** Each token attends to those alone that an indexer chose; absent where all are attended to (deepseek_v32). */
  readonly sparse?: {
    /** Child that chooses; absent in a layer that uses the choice of an earlier one. */
    readonly indexer?: string;
    /** The choice is returned, for a layer that uses it (glm_moe_dsa). */
    readonly returnsChoice: boolean;
  };
}

/**
 * A small attention that chooses the tokens for the large one.
 *
 * Source: transformers models/deepseek_v32/modeling_deepseek_v32.py `DeepseekV32Indexer`.
 */
export interface IndexForward {
  readonly kind: "sparse_index";
  readonly query: string;
  readonly key: string;
  /** Norm of the keys. */
  readonly norm: string;
  /** Makes a weight per head. */
  readonly weights: string;
  readonly heads: number;
  readonly headDim: number;
  readonly ropeDim: number;
  /** Tokens for each token. */
  readonly chosen: number;
  /** Neighbours are turned as pairs (glm_moe_dsa). */
  readonly isInterleaved: boolean;
}

/**
 * Each of queries, keys and values is projected, normalised and turned before the next is; the last layers use keys and values
 * that an earlier layer of their kind left for them.
 *
 * Source: transformers models/gemma4/modeling_gemma4.py `Gemma4TextAttention`.
 */
export interface SharingAttentionForward extends AttendingHeads {
  readonly kind: "sharing_attention";
  readonly query: string;
  readonly queryNorm: string;
  readonly output: string;
  /** Under which name keys and values are left, or found. */
  readonly layerType: string;
  readonly slidingWindow?: number;
  /** Absent in a layer that uses those of another. */
  readonly own?: {
    readonly key: string;
    readonly keyNorm: string;
    /** Absent where keys before their norm are the values. */
    readonly value?: string;
    /** They are projected when keys are turned (gemma3n). */
    readonly valueLast?: boolean;
    readonly valueNorm: string;
    /** Left for the layers that have none. */
    readonly isLeft: boolean;
  };
}
