/** How blocks of experts compute: who chooses, what is computed, and what all tokens see. */

import type { Activation } from "./activation.js";

/** Experts that a router chooses per token, and perhaps one that every token sees. */
export interface SparseMlpForward {
  readonly kind: "sparse_mlp";
  readonly router: string;
  readonly experts: string;
  /** `sigmoid(gate(x)) * mlp(x)`, added to what the experts give (qwen2_moe); without a gate, `mlp(x)` (ernie4_5_moe). */
  readonly shared?: { readonly mlp: string; readonly gate?: string };
  /** An MLP that all tokens see, computed and added behind the experts (deepseek_v3). */
  readonly sharedLast?: string;
  /** The weights of the choice are returned, too, into the variable that held the attention's scores (gpt_oss). */
  readonly returnsWeights?: boolean;
}

/** All experts compute every token, scaled by scores that are zero for those not chosen; and an MLP that all tokens see (llama4). */
export interface AllExpertsMlpForward {
  readonly kind: "all_experts_mlp";
  readonly router: string;
  readonly experts: string;
  readonly shared: string;
  readonly chosen: number;
}

/** A score per expert, of which the largest are taken. Its class returns the scores where it is asked to. */
export interface RouterForward {
  readonly kind: "router";
  readonly chosen: number;
  /**
   * The softmax comes behind the choice, in the dtype of the scores (gpt_oss) or in fp32, and is cast back (granitemoe);
   * otherwise before it, in fp32.
   */
  readonly softmaxLast?: "as_scored" | "in_fp32";
  /** What is taken is divided by its sum, in place. */
  readonly normalizes: boolean;
  /** The scores are cast to fp32 before the softmax, and stay so (mixtral); otherwise it casts them, and they are cast back. */
  readonly keepsFp32?: boolean;
}

/**
 * Sigmoid scores; which experts are taken is decided by scores with a correction, group by group (deepseek_v3).
 *
 * Source: transformers models/deepseek_v3/modeling_deepseek_v3.py `DeepseekV3TopkRouter`.
 */
export interface GroupedRouterForward {
  readonly kind: "grouped_router";
  readonly chosen: number;
  /** Buffer (experts,) that is added to the scores. */
  readonly correction: string;
  readonly groups: number;
  readonly groupsTaken: number;
  readonly normalizes: boolean;
}

/**
 * Scores of which the largest are taken by a corrected copy, and whose own values are the weights.
 *
 * Source: transformers models/lfm2_moe, models/minimax_m2, models/ernie4_5_moe.
 */
export interface CorrectedRouterForward {
  readonly kind: "corrected_router";
  readonly chosen: number;
  /** Sigmoids of the logits as they are, or in fp32; or a softmax, with the whole router in fp32 outside autocast. */
  readonly scores: "sigmoid" | "sigmoid_fp32" | "softmax_fp32";
  /** A tensor of the block around the router, or a child that adds a parameter; absent where nothing is corrected. */
  readonly correction?:
    | { readonly of: "block"; readonly buffer: string }
    | { readonly of: "child"; readonly child: string; readonly parameter: string };
  /** The class returns the scores where it is asked to, for the loss that balances experts (minimax_m2). */
  readonly returnsScores?: boolean;
  /** The weights do not take the variable of the scores. */
  readonly keepsScores?: boolean;
  /** By their sum: in place, into a new tensor, or by a sum that is clamped. */
  readonly normalizes?: "in_place" | "apart" | "clamped";
  /** The weights are multiplied by a number. */
  readonly isScaled?: boolean;
}

/**
 * Shares of a softmax in fp32, of all experts or of those in the groups with the best ones, multiplied by a number.
 *
 * Source: transformers models/deepseek_v2/modeling_deepseek_v2.py `DeepseekV2TopkRouter`.
 */
export interface SharesRouterForward {
  readonly kind: "shares_router";
  readonly chosen: number;
  /** Absent where experts are taken from all of them. */
  readonly groups?: { readonly count: number; readonly taken: number };
}

/**
 * Scores of tokens that are normalised and scaled; the shares of those taken are divided by their sum, in place, and multiplied
 * by a number per expert.
 *
 * Source: transformers models/gemma4/modeling_gemma4.py `Gemma4TextRouter`.
 */
export interface NormedRouterForward {
  readonly kind: "normed_router";
  readonly chosen: number;
  /** Children. */
  readonly norm: string;
  readonly projection: string;
  /** Parameters: (hidden_size,) and (experts,). */
  readonly scale: string;
  readonly expertScale: string;
}

/** All experts at once: tokens in the order of their experts, one grouped product per parameter. */
export interface ExpertsForward {
  readonly kind: "experts";
  readonly gateUp: string;
  readonly down: string;
  /** Each expert has a block of the rows: one batched product per parameter, on any card (llama4). */
  readonly computesAll?: boolean;
  /** `gateUp` makes no gate: `down(act(up(x)))` (nemotron_h). */
  readonly hasNoGate?: boolean;
  /** `clamped_swiglu` cuts gate and up out of one another, clamps both and takes `(up + 1) · gate · sigmoid(gate)`. */
  readonly activation: Activation | "clamped_swiglu";
  /** Biases per expert, under the names of the weights with `_bias` behind. */
  readonly biased?: boolean;
}
