/** How encoder-decoders compute: those whose attention adds a bias per distance of two tokens (t5), and those with positions (bart). */

import type { Activation } from "./activation.js";
import type { AttendingHeads } from "./attention-forward.js";

/** Scores of the vocabulary for every label, from what a decoder makes of an encoder's output. */
export interface EncoderDecoderForward {
  readonly kind: "encoder_decoder";
  /** Paths from the root. */
  readonly encoder: string;
  readonly decoder: string;
  readonly head: string;
  /** Buffer (1, vocab_size) that is added to the logits (bart). */
  readonly logitsBias?: string;
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

/** Words and positions, a norm perhaps, dropout, layers, a norm perhaps (bart). */
export interface PairedStackForward {
  readonly kind: "paired_stack";
  readonly words: string;
  /** The stack multiplies the words by a number itself (pegasus). */
  readonly scalesWords: boolean;
  readonly positions: string;
  /** A table per row and token or per token (learned), one without a gradient (fixed), or rows of a buffer by tokens that are no padding (counted). */
  readonly places: "learned" | "fixed" | "counted";
  /** In decoders the mask of ones keeps its variable (mbart, pegasus, marian). */
  readonly keepsOnes?: boolean;
  /** In decoders what positions are looked up takes the variable of their numbers (mbart, marian). */
  readonly rebindsRange?: boolean;
  readonly embeddingNorm?: string;
  readonly finalNorm?: string;
  readonly layers: string;
  readonly dropout: number;
  readonly isDecoder: boolean;
}

/** Attention, in decoders attention to the encoder's output, and an MLP, each with a norm before it or behind its sum. */
export interface PairedLayerForward {
  readonly kind: "paired_layer";
  readonly normsFirst: boolean;
  readonly attention: string;
  readonly attentionNorm: string;
  readonly crossAttention?: string;
  readonly crossNorm?: string;
  readonly up: string;
  readonly down: string;
  readonly mlpNorm: string;
  readonly activation: Activation;
  readonly activationName: string;
  readonly activationDropout: number;
  readonly dropout: number;
}

/** `super().forward(ids) * number`. */
interface ScaledEmbeddingForward {
  readonly kind: "scaled_embedding";
}

export type EncoderDecoderForwards =
  | PairedStackForward
  | PairedLayerForward
  | ScaledEmbeddingForward
  | EncoderDecoderForward
  | BiasedStackForward
  | BiasedBlockForward
  | ResidualSublayerForward
  | BiasedAttentionForward
  | DroppedMlpForward;
