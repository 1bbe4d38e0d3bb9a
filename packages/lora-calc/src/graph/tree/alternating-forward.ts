/** Layers that work on one of several streams, and what a token adds to each layer (gemma3n, gemma4). */

import type { Activation } from "./activation.js";

/**
 * A layer that works on one of several streams, predicts all of them before, and corrects them behind (gemma3n).
 */
export interface AlternatingLayerForward {
  readonly kind: "alternating_layer";
  readonly attention: string;
  readonly mlp: string;
  readonly preAttentionNorm: string;
  readonly postAttentionNorm: string;
  readonly preMlpNorm: string;
  readonly postMlpNorm: string;
  /** A low-rank path beside attention. */
  readonly laurel: string;
  readonly updates: AlternatingUpdates;
  readonly inputPerLayer: InputPerLayer;
}

/** Parts of the module that predicts and corrects. */
export interface AlternatingUpdates {
  readonly module: string;
  readonly norm: string;
  readonly router: string;
  readonly prediction: string;
  readonly correction: string;
  /** Parameter that scales the active stream before a token adds to it, where it is used. */
  readonly scale?: string;
}

/** Children of a layer: `x + norm(right(left(x)))`. */
export interface LaurelForward {
  readonly kind: "laurel";
  readonly left: string;
  readonly right: string;
  readonly norm: string;
}

/** Lists of projections before and behind the layers: one for every stream but the first. */
export interface StreamsForward {
  readonly projections: string;
  readonly unembeds: string;
  /** Magnitudes are clamped to a number, not compared with a tensor of one. */
  readonly clamps: boolean;
}

/** Children of a layer: `x + norm(projection(act(gate(x)) * input))`. */
export interface InputPerLayer {
  readonly gate: string;
  readonly activation: Activation;
  readonly activationName: string;
  readonly projection: string;
  readonly norm: string;
}
