/** How encoders of text compute, whose layers have a norm behind every sum, and the heads on them. */

import type { Activation } from "./activation.js";
import type { LabelLoss } from "./head-forward.js";

/** Words, positions and segments, all added; a norm and a dropout (bert). */
export interface TextEmbeddingsForward {
  readonly kind: "text_embeddings";
  readonly words: string;
  readonly positions: string;
  /** Absent where there are none (distilbert). */
  readonly segments?: string;
  readonly norm: string;
  readonly dropout: number;
  /** Positions are a part of a buffer (bert), or counted over the tokens that are no padding (roberta). */
  readonly places: "buffer" | "counted";
  /** First rows of the table of positions that no token has (roberta). */
  readonly unusedPositions: number;
}

/** `norm(dropout(dense(x)) + input)`. */
interface SummedOutputForward {
  readonly kind: "summed_output";
  readonly dense: string;
  readonly norm: string;
  readonly dropout: number;
}

/** Attention, and what is made of its output and the input. */
interface SummedAttentionForward {
  readonly kind: "summed_attention";
  readonly attention: string;
  readonly output: string;
}

interface IntermediateForward {
  readonly kind: "intermediate";
  readonly dense: string;
  readonly activation: Activation;
  readonly activationName: string;
}

interface EncoderLayerForward {
  readonly kind: "encoder_layer";
  readonly attention: string;
  readonly intermediate: string;
  readonly output: string;
}

/** `mlpNorm(mlp(y) + y)` of `y = attentionNorm(attention(x) + x)` (distilbert). */
interface PostNormLayerForward {
  readonly kind: "post_norm_layer";
  readonly attention: string;
  readonly attentionNorm: string;
  readonly mlp: string;
  readonly mlpNorm: string;
}

interface EncoderLayersForward {
  readonly kind: "encoder_layers";
  readonly layers: string;
}

export interface TextEncoderForward {
  readonly kind: "text_encoder";
  readonly embeddings: string;
  readonly encoder: string;
  /** Also run where nothing uses what it gives. */
  readonly pooler?: string;
}

/** An encoder of layers with rotary positions, of which some see a window to both sides (modernbert). */
export interface RotaryEncoderForward {
  readonly kind: "rotary_encoder";
  readonly embeddings: string;
  readonly layers: string;
  readonly finalNorm: string;
  readonly rotary: string;
  readonly layerTypes: readonly string[];
  /** To each side, in tokens. */
  readonly window: number;
}

/** An encoder whose attention sees contents and distances apart (deberta-v2). */
export interface DisentangledEncoderForward {
  readonly kind: "disentangled_encoder";
  readonly embeddings: string;
  readonly encoder: string;
}

/** `dropout(norm(words) * mask)`; positions are in attention alone. */
interface MaskedEmbeddingsForward {
  readonly kind: "masked_embeddings";
  readonly words: string;
  readonly norm: string;
  readonly dropout: number;
}

/** Layers that share a table of distances, which is normalised for all. */
export interface RelativeLayersForward {
  readonly kind: "relative_layers";
  readonly layers: string;
  readonly table: string;
  readonly norm?: string;
  /** Distances are counted in buckets, far ones by their logarithm. */
  readonly countsBuckets: boolean;
  /** Child that adds what it makes of the embedding to what the first layer gives (deberta-v2-xlarge). */
  readonly convolution?: string;
}

/** `norm(residual + act(dropout(conv(hidden)))) * mask`: a convolution over time of as many tokens as it reads. */
interface ConvolutionLayerForward {
  readonly kind: "convolution_layer";
  readonly convolution: string;
  readonly norm: string;
  readonly activation: Activation;
  readonly dropout: number;
}

/** Attention of contents to contents (b · heads, s, s), of contents to distances and of distances to contents. */
export interface DisentangledAttentionForward {
  readonly kind: "disentangled_attention";
  readonly query: string;
  readonly key: string;
  readonly value: string;
  /** Projections of distances: those of contents, where they are shared. */
  readonly distanceKey?: string;
  readonly distanceQuery?: string;
  /** Queries come first where projections are shared. */
  readonly sharesProjections: boolean;
  readonly heads: number;
  readonly attentionDropout: number;
  readonly distanceDropout: number;
}

/** `act(dense(dropout(hidden[:, 0])))` (deberta-v2). */
interface ContextPoolerForward {
  readonly kind: "context_pooler";
  readonly dense: string;
  readonly activation: Activation;
  readonly dropout: number;
}

/** `dropout(norm(words))`. */
interface NormedEmbeddingsForward {
  readonly kind: "normed_embeddings";
  readonly words: string;
  readonly norm: string;
  readonly dropout: number;
}

/** `norm(act(dense(x)))`. */
interface PredictionHeadForward {
  readonly kind: "prediction_head";
  readonly dense: string;
  readonly activation: Activation;
  readonly norm: string;
}

/** `tanh(dense(hidden[:, 0]))`. */
interface PoolerForward {
  readonly kind: "pooler";
  readonly dense: string;
}

/** Scores of every token of the vocabulary at every position, with the labels of some. Names are paths from the root. */
export interface MaskedLmForward {
  readonly kind: "masked_lm";
  readonly encoder: string;
  readonly head: string;
  /** Inside the head: `decoder(norm(act(dense(hidden))))`. */
  readonly dense: string;
  readonly activation: Activation;
  readonly norm: string;
  readonly decoder: string;
  /** The loss turns the logits to fp32 whatever autocast says (modernbert). */
  readonly upcasts?: boolean;
}

/** `output(dropout(tanh(dense(dropout(hidden[:, 0])))))` (roberta). */
interface ClassificationHeadForward {
  readonly kind: "classification_head";
  readonly dense: string;
  readonly output: string;
  readonly dropout: number;
}

/** A label per sequence: by a head on the hidden states, or by a layer on what the pooler gives. */
export interface SequenceClassifierForward {
  readonly kind: "sequence_classifier";
  readonly encoder: string;
  readonly classifier: string;
  /** Before a layer; a head has its own. */
  readonly dropout: number;
  readonly loss: LabelLoss;
  /** A layer and relu on the first hidden state, in the place of a pooler (distilbert). */
  readonly preClassifier?: string;
  /** A pooler that the class holds itself, beside which it looks for labels that are set (deberta-v2). */
  readonly contextPooler?: string;
  /** A head on the first hidden state, or on the mean of those of tokens, in the place of a pooler (modernbert). */
  readonly pooledHead?: { readonly head: string; readonly takesMean: boolean };
}

export type EncoderForward =
  | TextEmbeddingsForward
  | SummedOutputForward
  | SummedAttentionForward
  | IntermediateForward
  | EncoderLayerForward
  | PostNormLayerForward
  | RotaryEncoderForward
  | DisentangledEncoderForward
  | MaskedEmbeddingsForward
  | RelativeLayersForward
  | ConvolutionLayerForward
  | DisentangledAttentionForward
  | ContextPoolerForward
  | NormedEmbeddingsForward
  | PredictionHeadForward
  | EncoderLayersForward
  | TextEncoderForward
  | PoolerForward
  | MaskedLmForward
  | ClassificationHeadForward
  | SequenceClassifierForward;
