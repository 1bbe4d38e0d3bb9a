/** How layers compute that keep a state in place of keys and values. */

/**
 * Linear attention by the gated delta rule: a short convolution over time, then a state per head that fades and is corrected.
 *
 * Source: transformers models/qwen3_5/modeling_qwen3_5.py `Qwen3_5GatedDeltaNet`.
 */
export interface GatedDeltaNetForward {
  readonly kind: "gated_delta_net";
  readonly projections: DeltaProjections;
  readonly convolution: string;
  /** Norm of the output, multiplied by the gate. */
  readonly norm: string;
  readonly output: string;
  readonly keyHeads: number;
  readonly keyHeadDim: number;
  readonly valueHeads: number;
  readonly valueHeadDim: number;
  /** Twice beta, which may turn a state around (olmo_hybrid). */
  readonly doublesBeta?: boolean;
  /** Parameters (value heads,). */
  readonly decayBias: string;
  readonly decayLog: string;
}

/** Which child modules make what the rule reads. */
export type DeltaProjections =
  | {
      readonly kind: "separate";
      /** Queries, keys and values in one. */
      readonly mixed: string;
      /** Gate of the output. */
      readonly gate: string;
      /** How much of a state is overwritten. */
      readonly beta: string;
      /** How fast it fades. */
      readonly decay: string;
    }
  /** Queries, keys and values each for itself; the others where they are needed, the gate when the rule has run (olmo_hybrid). */
  | {
      readonly kind: "apart";
      readonly query: string;
      readonly key: string;
      readonly value: string;
      readonly gate: string;
      readonly beta: string;
      readonly decay: string;
    }
  /** All of the first two together, and of the last two, cut inside each head (qwen3_next). */
  | { readonly kind: "joint"; readonly mixedAndGate: string; readonly betaAndDecay: string };

/**
 * A state space per head whose step, input and output depend on the token, scanned chunk by chunk.
 *
 * Source: transformers models/granitemoehybrid/modeling_granitemoehybrid.py `GraniteMoeHybridMambaLayer`.
 */
export interface Mamba2Forward {
  readonly kind: "mamba2";
  /** Gate, input, B, C and a step per head in one. */
  readonly input: string;
  readonly convolution: string;
  /** Norm of the output, which the gate multiplies before. Without one the gate alone does (falcon_h1). */
  readonly norm?: string;
  /** The norm weighs each group of heads in fp32, and the gate comes before it or behind it (falcon_h1). */
  readonly weighsGroups?: "gate_first" | "gate_last";
  /** Buffer that what is projected is multiplied by, after a number has multiplied what it is projected from (falcon_h1). */
  readonly scales?: string;
  readonly output: string;
  readonly heads: number;
  readonly headDim: number;
  /** Groups of heads that share B and C. */
  readonly groups: number;
  readonly stateSize: number;
  /** The norm is over each group of heads in every release (nemotron_h). */
  readonly groupsNorm?: boolean;
  /** Positions of a chunk. */
  readonly chunk: number;
}

/**
 * A state space per channel whose step, input and output depend on the token, scanned token by token.
 *
 * Source: transformers models/mamba/modeling_mamba.py `MambaMixer`.
 */
export interface MambaForward {
  readonly kind: "mamba";
  /** Input and gate in one. */
  readonly input: string;
  readonly convolution: string;
  /** The narrow step, input and output of a token in one. */
  readonly parameters: string;
  /** A linear whose weight widens the step, and whose bias is added to it, without a call of the module. */
  readonly step: string;
  readonly output: string;
  /** Width of the narrow step. */
  readonly rank: number;
  readonly stateSize: number;
}

/**
 * Three projections in one: `out(second * conv1d(first * third))` over a few tokens.
 *
 * Source: transformers models/lfm2/modeling_lfm2.py `Lfm2ShortConv`.
 */
export interface ShortConvolutionForward {
  readonly kind: "short_convolution";
  readonly input: string;
  readonly convolution: string;
  readonly output: string;
}
