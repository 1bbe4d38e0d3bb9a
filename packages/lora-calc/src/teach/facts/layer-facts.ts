/** What LoRA does to one linear layer, in numbers. */

import { percentFewer } from "./percent-fewer.js";

export interface LayerShape {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly rank: number;
}

/** Parameters of one layer: frozen W (out, in), trained A (r, in) and B (out, r). */
export interface LayerFacts {
  readonly frozen: number;
  readonly a: number;
  readonly b: number;
  readonly trainable: number;
  /** Share of W's parameters that need no training: 100 · (1 − trainable / frozen). */
  readonly fewerPercent: number;
}

/**
 * Parameters of a layer and of the two matrices beside it.
 *
 *     trainable = rank · (in_features + out_features)
 *
 * Unit: parameters, exact. Source: Hu et al. 2021, arXiv:2106.09685, section 4.1.
 * Example: layerFacts({ inFeatures: 4096, outFeatures: 4096, rank: 16 }).trainable // 131072
 */
export function layerFacts({ inFeatures, outFeatures, rank }: LayerShape): LayerFacts {
  const frozen = inFeatures * outFeatures;
  const a = rank * inFeatures;
  const b = outFeatures * rank;
  return { frozen, a, b, trainable: a + b, fewerPercent: percentFewer(frozen, a + b) };
}
