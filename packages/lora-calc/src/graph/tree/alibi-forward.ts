/** How a decoder computes whose attention adds a bias per head and distance in place of positions (bloom). */

import type { AttendingHeads } from "./attention-forward.js";

/** Embedding, norm, layers, norm. */
export interface AlibiDecoderForward {
  readonly kind: "alibi_decoder";
  readonly tokenEmbedding: string;
  readonly embeddingNorm: string;
  readonly layers: string;
  readonly finalNorm: string;
  readonly heads: number;
}

/** Two sublayers that add the residual themselves: the layer's input, or what its norm gives. */
interface AlibiLayerForward {
  readonly kind: "alibi_layer";
  readonly attentionNorm: string;
  readonly attention: string;
  readonly mlpNorm: string;
  readonly mlp: string;
  /** The residual is what the norms give. */
  readonly addsNormed: boolean;
}

interface AlibiAttentionForward extends AttendingHeads {
  readonly kind: "alibi_attention";
  readonly fused: string;
  readonly output: string;
  readonly outputDropout: number;
}

/** `residual + dropout(down(gelu(up(x))))`, with a GELU whose gradient is written out. */
interface AddingMlpForward {
  readonly kind: "adding_mlp";
  readonly up: string;
  readonly activationName: string;
  readonly down: string;
  readonly dropout: number;
}

export type AlibiForward =
  AlibiDecoderForward | AlibiLayerForward | AlibiAttentionForward | AddingMlpForward;
