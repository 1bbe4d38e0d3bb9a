/** How encoder-decoders compute whose attention adds a bias per distance of two tokens (t5). */

import type { Activation } from "./activation.js";
import type { AttendingHeads } from "./attention-forward.js";

/** Scores of the vocabulary for every label, from what a decoder makes of an encoder's output. */
export interface EncoderDecoderForward {
  readonly kind: "encoder_decoder";
  readonly encoder: string;
  readonly decoder: string;
  readonly head: string;
  /** What the decoder gives is multiplied by a number before the head. */
  readonly scalesOutput?: boolean;
}

/** Embedding, dropout, blocks, norm, dropout; the blocks share the biases that the first of them makes. */
interface BiasedStackForward {
  readonly kind: "biased_stack";
  readonly tokenEmbedding: string;
  readonly layers: string;
  readonly finalNorm: string;
  readonly dropout: number;
  readonly isDecoder: boolean;
}

/** Sublayers in a list: attention, in decoders attention to the encoder's output, and an MLP. */
interface BiasedBlockForward {
  readonly kind: "biased_block";
  readonly sublayers: string;
}

/** `x + dropout(inner(norm(x)))`. */
interface ResidualSublayerForward {
  readonly kind: "residual_sublayer";
  readonly norm: string;
  readonly inner: string;
  readonly dropout: number;
}

/** Attention without a scale, whose scores are added to a bias. */
export interface BiasedAttentionForward extends AttendingHeads {
  readonly kind: "biased_attention";
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
  /** Table of a bias per bucket of distances and head; without one the bias is zero. */
  readonly table?: string;
}

/** `down(dropout(act(up(x))))`, or `act(gate(x)) * up(x)` inside; what comes before `down` has the dtype of its weight. */
export interface DroppedMlpForward {
  readonly kind: "dropped_mlp";
  readonly gate?: string;
  readonly up: string;
  readonly down: string;
  readonly activation: Activation;
  readonly activationName: string;
  readonly dropout: number;
}

export type EncoderDecoderForwards =
  | EncoderDecoderForward
  | BiasedStackForward
  | BiasedBlockForward
  | ResidualSublayerForward
  | BiasedAttentionForward
  | DroppedMlpForward;
