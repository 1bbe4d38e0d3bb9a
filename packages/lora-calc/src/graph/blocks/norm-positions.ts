/** Where the norms of a decoder layer stand, and what they are called there. */

/** Norms of a layer by what they are for. */
export type NormNames = Readonly<
  Partial<Record<"preAttentionNorm" | "postAttentionNorm" | "preMlpNorm" | "postMlpNorm", string>>
>;

/** Before each sublayer (llama), after it (olmo2), or both (gemma2). */
export type NormPosition = "before" | "after" | "both";

/** Of a layer with norms on both sides of both sublayers. */
export const BOTH_NORMS = {
  preAttentionNorm: "input_layernorm",
  postAttentionNorm: "post_attention_layernorm",
  preMlpNorm: "pre_feedforward_layernorm",
  postMlpNorm: "post_feedforward_layernorm",
} as const satisfies NormNames;

const NAMES: Readonly<Record<NormPosition, NormNames>> = {
  before: { preAttentionNorm: "input_layernorm", preMlpNorm: "post_attention_layernorm" },
  after: {
    postAttentionNorm: "post_attention_layernorm",
    postMlpNorm: "post_feedforward_layernorm",
  },
  both: BOTH_NORMS,
};

/** The usual names of a position; a family with names of its own gives them. */
export function normNames(position: NormPosition | NormNames): NormNames {
  return typeof position === "string" ? NAMES[position] : position;
}
