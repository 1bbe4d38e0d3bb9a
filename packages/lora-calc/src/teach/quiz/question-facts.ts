/** The numbers that each question shows and explains with, and the statements to choose from. */

import type { LessonLayer } from "../facts/lesson.js";
import type { LogitsFacts } from "../facts/logits-facts.js";
import type { ScalingRule } from "../facts/scaling.js";
import type { StorageFacts } from "../facts/storage-facts.js";

type Nothing = null;

export interface QuestionFacts {
  readonly "layer-parameters": LessonLayer & { readonly trainable: number };
  readonly "narrow-module": {
    readonly name: string;
    readonly wideName: string;
    readonly count: number;
    readonly rank: number;
    readonly inFeatures: number;
    readonly outFeatures: number;
    readonly wideOutFeatures: number;
    readonly cost: number;
  };
  readonly "all-linear": {
    readonly modules: readonly { readonly name: string; readonly cost: number }[];
    readonly cost: number;
  };
  readonly "rank-doubled": {
    readonly rank: number;
    readonly doubled: number;
    readonly before: number;
    readonly after: number;
    readonly name: string;
  };
  readonly "alpha-over-rank": Nothing;
  readonly "scaling-value": {
    readonly alpha: number;
    readonly rank: number;
    readonly rule: ScalingRule;
    readonly scaling: number;
  };
  readonly "rank-raised": {
    readonly alpha: number;
    readonly rank: number;
    readonly raised: number;
    readonly before: number;
    readonly after: number;
    readonly stabilized: number;
  };
  readonly "zero-start": Nothing;
  readonly merged: Nothing;
  readonly "adam-float32": TrainedBytes;
  readonly "adam-bfloat16": TrainedBytes;
  readonly "optimizer-of-run": {
    readonly trainable: number;
    readonly each: number;
    readonly bytes: number;
  };
  readonly "frozen-needs": Nothing;
  readonly "memory-stays": { readonly fewerPercent: number };
  readonly "why-qlora": Nothing;
  readonly "four-bit-layer": { readonly layer: LessonLayer; readonly stored: StorageFacts };
  readonly "bits-per-parameter": StorageFacts;
  readonly "not-quantized": Nothing;
  readonly "base-in-gib": { readonly base: number; readonly bytes: number };
  readonly "logits-size": LogitsFacts;
  readonly "chunked-loss": Nothing;
  readonly checkpointing: Nothing;
  readonly "length-doubled": Nothing;
}

export type QuestionId = keyof QuestionFacts;

/** Bytes of one trained parameter. */
export interface TrainedBytes {
  readonly parameter: number;
  readonly gradient: number;
  readonly average: number;
  readonly total: number;
}

/** Answers in words, named by what they claim. */
export type StatementKey =
  | "count-same"
  | "count-doubles"
  | "count-quadruples"
  | "count-half-more"
  | "scales-layers"
  | "scales-update"
  | "scales-learning-rate"
  | "scales-dropout"
  | "start-pretrained"
  | "start-random"
  | "start-zero-output"
  | "start-saves-memory"
  | "merged-free"
  | "merged-r-slower"
  | "merged-more-memory"
  | "merged-never"
  | "frozen-storage-only"
  | "frozen-gradient"
  | "frozen-averages"
  | "frozen-everything"
  | "memory-frozen-stay"
  | "memory-adapters-large"
  | "memory-r-hidden"
  | "memory-optimizer-all"
  | "qlora-four-bit-base"
  | "qlora-fewer-layers"
  | "qlora-offload"
  | "qlora-compressed-adapters"
  | "kept-embeddings-norms-head"
  | "kept-nothing"
  | "kept-attention"
  | "kept-mlp"
  | "chunks-fewer-at-once"
  | "chunks-smaller-vocabulary"
  | "chunks-four-bit"
  | "chunks-shorter-sequences"
  | "checkpoint-layer-inputs"
  | "checkpoint-nothing"
  | "checkpoint-half"
  | "checkpoint-weights"
  | "length-activations"
  | "length-weights"
  | "length-optimizer"
  | "length-everything";
