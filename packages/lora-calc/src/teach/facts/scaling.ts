/** The factor in front of B·A, by the two rules in use. */

export type ScalingRule = "alpha / r" | "alpha / √r";

/**
 * Scaling of an adapter.
 *
 * Source: LoRA, arXiv:2106.09685 section 4.1; rsLoRA, arXiv:2312.03732; peft tuners/lora/layer.py `update_layer`.
 * Example: scalingOf("alpha / √r", 32, 16) // 8
 */
export function scalingOf(rule: ScalingRule, alpha: number, rank: number): number {
  return alpha / (rule === "alpha / r" ? rank : Math.sqrt(rank));
}

/** The scaling of both rules over a range of ranks, alpha held: what raising the rank does to the update. */
export function scalingCurves(
  alpha: number,
  ranks: readonly number[],
): Readonly<Record<ScalingRule, readonly number[]>> {
  return {
    "alpha / r": ranks.map((rank) => scalingOf("alpha / r", alpha, rank)),
    "alpha / √r": ranks.map((rank) => scalingOf("alpha / √r", alpha, rank)),
  };
}
