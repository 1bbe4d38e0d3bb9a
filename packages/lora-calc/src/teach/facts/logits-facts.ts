/** Why the loss is a spike: one number for every token and every word of the vocabulary. */

import type { TimelinePoint } from "../../result.js";
import { bytesOf } from "../../units/dtype.js";
import { highestOf } from "./memory-facts.js";
import type { TargetChoice } from "./target-choices.js";

export interface LogitsFacts {
  readonly batch: number;
  readonly length: number;
  readonly tokens: number;
  readonly vocabulary: number;
  readonly hidden: number;
  /** Numbers per token: how many times more come out of the head than went in. */
  readonly widening: number;
  /** What goes into the head, in bfloat16. Unit: bytes, as below. */
  readonly hiddenStates: number;
  /** One copy of all logits. */
  readonly bfloat16: number;
  readonly float32: number;
  /** What transformers' own loss holds when its backward begins: three float32 copies. */
  readonly usualLoss: number;
  /** Tokens of one chunk of TRL's chunked loss, and one float32 copy of their logits. */
  readonly chunkTokens: number;
  readonly chunk: number;
  /** Most bytes of logits and loss at any moment of this run; absent without memory. */
  readonly thisRun?: number;
}

/** Log-probabilities, their gradient and that of the logits. Source: traced, transformers loss/loss_utils.py. */
const FLOAT32_COPIES = 3;
/**
 * Tokens of a chunk; the same as in memory/losses/chunked-nll.ts, which a page would load with all of the engine.
 *
 * Source: trl trainer/sft_trainer.py `_CHUNKED_LM_HEAD_CHUNK_SIZE`.
 */
export const CHUNK_TOKENS: number = 256;

/** Sizes of the logits of a training; undefined for a model without a vocabulary. */
export function logitsFacts(
  targets: readonly TargetChoice[],
  { batch, length }: { readonly batch: number; readonly length: number },
  timeline: readonly TimelinePoint[] | undefined,
): LogitsFacts | undefined {
  const head = widestOutsideLayers(targets);
  if (head === undefined) return undefined;
  const vocabulary = Math.max(head.inFeatures, head.outFeatures);
  const hidden = Math.min(head.inFeatures, head.outFeatures);
  const tokens = batch * length;
  const float32 = bytesOf(tokens * vocabulary, "float32");
  return {
    batch,
    length,
    tokens,
    vocabulary,
    hidden,
    widening: vocabulary / hidden,
    hiddenStates: bytesOf(tokens * hidden, "bfloat16"),
    bfloat16: bytesOf(tokens * vocabulary, "bfloat16"),
    float32,
    usualLoss: FLOAT32_COPIES * float32,
    chunkTokens: CHUNK_TOKENS,
    chunk: bytesOf(Math.min(CHUNK_TOKENS, tokens) * vocabulary, "float32"),
    ...(timeline === undefined ? {} : { thisRun: highestOf(timeline, "loss") }),
  };
}

/** The embedding or the head: the widest module that is not in a layer. */
function widestOutsideLayers(targets: readonly TargetChoice[]): TargetChoice | undefined {
  const width = ({ inFeatures, outFeatures }: TargetChoice): number =>
    Math.max(inFeatures, outFeatures);
  return targets
    .filter(({ block, count }) => block === "" && count === 1)
    .reduce<TargetChoice | undefined>(
      (widest, target) => (widest === undefined || width(target) > width(widest) ? target : widest),
      undefined,
    );
}
