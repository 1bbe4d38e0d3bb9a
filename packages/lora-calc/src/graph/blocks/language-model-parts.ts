/** What a decoder-only family says of its backbone, and of the heads upon it. */

import type { AlibiDecoderForward } from "../tree/alibi-forward.js";
import type { DecoderForward, LogitsFactor } from "../tree/forward.js";
import type { Buffer, Child } from "../tree/module-graph.js";

export interface LanguageModelParts {
  readonly modelType: string;
  /** Start of the class names: `Llama` for LlamaModel, LlamaForCausalLM, … */
  readonly prefix: string;
  /** Attribute of the backbone inside the task model. */
  readonly backbone: string;
  readonly backboneType?: string;
  /** Children of the backbone in the order of its constructor. */
  readonly children: readonly (Child | undefined)[];
  /** The child of the backbone that the decoder is (opt); its names in `forward` start with it. */
  readonly within?: string;
  /** Buffers of the backbone itself. */
  readonly buffers?: readonly Buffer[];
  readonly forward: DecoderForward | AlibiDecoderForward;
  readonly hiddenSize: number;
  /** Width of keys and values where the configuration has `num_key_value_heads`. Default: hiddenSize. */
  readonly keyValueSize?: number;
  /** Fields of a prompt that PEFT does not find in the configuration (mpt). */
  readonly notFound?: readonly string[];
  readonly vocabSize: number;
  readonly tied: boolean;
  readonly causalClass?: string;
  /** Start of the other task classes when it is not `prefix` (Gemma3TextForSequenceClassification). */
  readonly taskPrefix?: string;
  /** Heads that transformers has for the model_type beside the causal one. Default: all three. */
  readonly taskHeads?: readonly TaskHead[];
  /** Heads are written in the class's own file, whose loss over tokens leaves the dtype to autocast. */
  readonly hasOwnHeads?: boolean;
  /** `classifier_dropout` of the class where it has one, and its `hidden_dropout`. Default: none, 0.1. */
  readonly classifierDropout?: number;
  readonly hiddenDropout?: number;
  /** Attribute of the token classifier. Default: `score`, as in transformers' generic head. */
  readonly tokenClassifier?: string;
  /** Attribute of the backbone under a question-answering head. Default: `transformer`, as in the generic head. */
  readonly questionAnsweringBackbone?: string;
  readonly headBias?: boolean;
  /** Width that heads take where it is not hiddenSize (opt). */
  readonly headWidth?: number;
  readonly scaledLogits?: boolean;
  readonly multipliedLogits?: LogitsFactor;
  readonly upcastsLogits?: boolean;
  readonly narrowsHidden?: boolean;
  readonly softcap?: boolean;
  /** What the class's `base_model_prefix` says, where that is not the backbone. */
  readonly hidesBackbone?: string;
  /** The class that sees caps its logits itself (gemma4). */
  readonly capsLogits?: boolean;
  /** Last names of modules that PEFT refuses to methods like LoRA. */
  readonly incompatibleNames?: readonly string[];
  /** Names of modules that are not quantized. */
  readonly neverQuantized?: readonly string[];
  /** No program: the root says nothing of how it computes. */
  readonly isCountedOnly?: boolean;
}

export type TaskHead =
  "ForSequenceClassification" | "ForTokenClassification" | "ForQuestionAnswering";
