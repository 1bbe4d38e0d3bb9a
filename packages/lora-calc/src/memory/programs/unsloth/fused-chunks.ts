/** In how many chunks Unsloth's fused loss goes over the tokens. Source: unsloth_zoo fused_losses/cross_entropy_loss.py. */

import type { UnslothRun } from "./run.js";

const EPSILON = 1e-9;

interface Scores {
  readonly tokens: number;
  readonly vocabulary: number;
}

/** Logits in fp32 are to stay under a target, four chunks at a time. */
export function fusedChunks(run: UnslothRun, { tokens, vocabulary }: Scores): number {
  const { rules, freeBytes } = run.use;
  const target = rules.fusedTarget === "half_free" ? freeBytes / 2 : rules.fusedTarget;
  const most = rules.fusedTargetAtMost ?? Infinity;
  const splits = (tokens * vocabulary * 4) / Math.min(target, most) / 4;
  if (!rules.roundsChunksUp) return Math.max(roundHalfToEven(splits) * 4, 1);
  return splits * 4 <= 1 + EPSILON ? 1 : Math.ceil(splits - EPSILON) * 4;
}

/** Python's `round`. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
