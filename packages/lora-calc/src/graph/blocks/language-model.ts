/** The frame that decoder-only models share: backbone, head by task, tied embeddings. */

import type { Config } from "../../model/config.js";
import type { BuildContext } from "../tree/blueprint.js";
import type { AlibiDecoderForward } from "../tree/alibi-forward.js";
import type { DecoderForward, LogitsFactor } from "../tree/forward.js";
import type { HeadForward } from "../tree/head-forward.js";
import { isRepeat } from "../tree/module-graph.js";
import type { Buffer, Child, DecoderSizes, ModuleGraph, ModuleNode } from "../tree/module-graph.js";
import { container, leaf, linear } from "../tree/vocabulary.js";
import { labelCount, labelLoss, rejectClass } from "./task-heads.js";

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
  readonly softcap?: boolean;
  /** The class that sees caps its logits itself (gemma4). */
  readonly capsLogits?: boolean;
  /** Last names of modules that PEFT refuses to methods like LoRA. */
  readonly incompatibleNames?: readonly string[];
  /** Names of modules that are not quantized. */
  readonly neverQuantized?: readonly string[];
  /** No program: the root says nothing of how it computes. */
  readonly isCountedOnly?: boolean;
}

/** Children of a decoder by the names that most classes give them. */
export const USUAL_DECODER: DecoderForward = {
  kind: "decoder",
  tokenEmbedding: "embed_tokens",
  rotary: "rotary_emb",
  layers: "layers",
  finalNorm: "norm",
};

type TaskHead = "ForSequenceClassification" | "ForTokenClassification" | "ForQuestionAnswering";

type MakeRoot = (parts: LanguageModelParts, config: Config) => TaskModel;

interface TaskModel {
  readonly children: readonly ModuleNode[];
  /** Attribute that `get_output_embeddings()` returns, if any. */
  readonly head?: string;
  /** Attribute of the backbone when it differs from the causal model's. */
  readonly backbone?: string;
  /** How a head with labels computes, where that has a program. */
  readonly forward?: HeadForward | undefined;
}

/** Source: peft utils/peft_types.py `TaskType`. */
const TASK_OF_HEAD: Readonly<Record<TaskHead, string>> = {
  ForSequenceClassification: "SEQ_CLS",
  ForTokenClassification: "TOKEN_CLS",
  ForQuestionAnswering: "QUESTION_ANS",
};

const TASK_HEADS = Object.keys(TASK_OF_HEAD) as readonly TaskHead[];

/** Class-name endings and what they put on the backbone. */
const TASKS: Readonly<Record<TaskHead | "ForCausalLM", MakeRoot>> = {
  ForCausalLM: (parts) => ({
    head: "lm_head",
    children: [
      linear("lm_head", headWidth(parts), parts.vocabSize, {
        bias: parts.headBias ?? false,
        ...(parts.tied ? { tiedTo: embeddingPath(parts, parts.backbone) } : {}),
      }),
    ],
  }),
  ForSequenceClassification: (parts, config) => ({
    children: [linear("score", headWidth(parts), labelCount(config))],
    forward: lastTokenClassifier(parts, config),
  }),
  ForTokenClassification: (parts, config) => {
    const classifier = parts.tokenClassifier ?? "score";
    const bias = { bias: true };
    return {
      children: [
        leaf("dropout", "Dropout"),
        linear(classifier, parts.hiddenSize, labelCount(config), bias),
      ],
      forward: {
        kind: "token_classifier",
        ...{ backbone: parts.backbone, classifier, dropout: tokenDropout(parts, config) },
        ...(parts.hasOwnHeads === true ? {} : { upcasts: true }),
      },
    };
  },
  ForQuestionAnswering: (parts) => {
    const backbone = parts.questionAnsweringBackbone ?? "transformer";
    const output = "qa_outputs";
    return {
      backbone,
      children: [linear(output, headWidth(parts), 2, { bias: true })],
      forward: { kind: "answer_finder", backbone, output, dropout: 0 },
    };
  },
};

function lastTokenClassifier(
  { backbone }: LanguageModelParts,
  config: Config,
): HeadForward | undefined {
  const loss = labelLoss(config);
  if (loss === undefined) return undefined;
  const findsPadding = config.has("pad_token_id") && !config.isNull("pad_token_id");
  return { kind: "last_token_classifier", backbone, classifier: "score", findsPadding, loss };
}

/** Source: transformers modeling_layers.py `GenericForTokenClassification.__init__`. */
function tokenDropout(
  { classifierDropout, hiddenDropout = 0.1 }: LanguageModelParts,
  config: Config,
): number {
  const isGiven = config.has("classifier_dropout") && !config.isNull("classifier_dropout");
  return isGiven || classifierDropout !== undefined
    ? config.number("classifier_dropout", classifierDropout ?? 0.1)
    : config.number("hidden_dropout", hiddenDropout);
}

function headWidth({ hiddenSize, headWidth: width = hiddenSize }: LanguageModelParts): number {
  return width;
}

/** Builds the class that the context asks for; a class the model_type does not have is a Problem. */
export function languageModel(
  parts: LanguageModelParts,
  config: Config,
  context: BuildContext,
): ModuleGraph {
  const causalClass = parts.causalClass ?? `${parts.prefix}ForCausalLM`;
  const baseClass = parts.backboneType ?? `${parts.prefix}Model`;
  const className = context.className ?? causalClass;
  if (className === baseClass) return baseModel(parts, baseClass);
  const {
    children,
    head,
    backbone = parts.backbone,
    forward = head === undefined ? undefined : causalForward(parts, head),
  } = TASKS[headOf(parts, className, [baseClass, causalClass])](parts, config);
  return {
    modelType: parts.modelType,
    className,
    root: container("", className, {
      children: [backboneNode(parts, backbone, baseClass), ...children],
      ...(forward === undefined || parts.isCountedOnly === true ? {} : { forward }),
    }),
    inputEmbedding: `${backbone}.${parts.forward.tokenEmbedding}`,
    decoder: decoderSizes(parts),
    ...exceptions(parts),
    classOfTask: classOfTask(parts, baseClass, causalClass),
    ...(head === undefined ? {} : { outputEmbedding: head }),
    tied: head !== undefined && parts.tied ? [tiedNames(parts, head)] : [],
  };
}

/** Modules that PEFT refuses, and those that transformers does not quantize. */
function exceptions({ incompatibleNames, neverQuantized }: LanguageModelParts) {
  return {
    ...(incompatibleNames === undefined ? {} : { incompatibleNames }),
    ...(neverQuantized === undefined ? {} : { neverQuantized }),
  };
}

function classOfTask(
  parts: LanguageModelParts,
  baseClass: string,
  causalClass: string,
): Readonly<Record<string, string>> {
  const heads = parts.taskHeads ?? TASK_HEADS;
  return {
    CAUSAL_LM: causalClass,
    ...Object.fromEntries(heads.map((head) => [TASK_OF_HEAD[head], taskClass(parts, head)])),
    FEATURE_EXTRACTION: baseClass,
  };
}

function taskClass({ prefix, taskPrefix = prefix }: LanguageModelParts, head: TaskHead): string {
  return `${taskPrefix}${head}`;
}

function baseModel(parts: LanguageModelParts, baseClass: string): ModuleGraph {
  return {
    modelType: parts.modelType,
    className: baseClass,
    root: backboneNode(parts, "", baseClass),
    inputEmbedding: parts.forward.tokenEmbedding,
    decoder: decoderSizes(parts),
    ...exceptions(parts),
    classOfTask: classOfTask(parts, baseClass, parts.causalClass ?? `${parts.prefix}ForCausalLM`),
    tied: [],
  };
}

export function decoderSizes(parts: LanguageModelParts): DecoderSizes {
  const { forward, hiddenSize, keyValueSize = hiddenSize } = parts;
  let children = parts.children;
  for (const name of forward.layers.split(".")) {
    const inner = children.find(
      (child): child is ModuleNode =>
        child !== undefined && !isRepeat(child) && child.name === name,
    );
    children = inner?.children ?? [];
  }
  const layers = children.reduce(
    (sum, child) => sum + (child !== undefined && isRepeat(child) ? child.indices.length : 1),
    0,
  );
  return {
    layers,
    hiddenSize,
    keyValueSize,
    ...(parts.notFound === undefined ? {} : { notFound: parts.notFound }),
  };
}

function backboneNode(parts: LanguageModelParts, name: string, type: string): ModuleNode {
  const { within } = parts;
  const forward =
    within === undefined ? parts.forward : ({ kind: "within", inner: within } as const);
  return container(name, type, {
    children: parts.children,
    buffers: parts.buffers ?? [],
    // A root that says nothing is not run.
    ...(name === "" && parts.isCountedOnly === true ? {} : { forward }),
  });
}

function causalForward(parts: LanguageModelParts, head: string) {
  return {
    kind: "causal_lm" as const,
    decoder: parts.backbone,
    head,
    ...(parts.scaledLogits === true ? { scaledLogits: true } : {}),
    ...(parts.multipliedLogits === undefined ? {} : { multipliedLogits: parts.multipliedLogits }),
    ...(parts.softcap === true ? { softcap: true } : {}),
    ...(parts.upcastsLogits === true ? { upcastsLogits: true } : {}),
  };
}

function embeddingPath(parts: LanguageModelParts, backbone: string): string {
  return `${backbone}.${parts.forward.tokenEmbedding}.weight`;
}

function tiedNames(parts: LanguageModelParts, head: string): readonly string[] {
  return [embeddingPath(parts, parts.backbone), `${head}.weight`];
}

/** The head that a class name asks for. `special`: the names of the bare and of the causal model. */
function headOf(
  parts: LanguageModelParts,
  className: string,
  special: readonly [string, string],
): TaskHead | "ForCausalLM" {
  if (className === special[1]) return "ForCausalLM";
  const heads = parts.taskHeads ?? TASK_HEADS;
  const asked = heads.find((head) => className === taskClass(parts, head));
  if (asked !== undefined) return asked;
  const known = [...special, ...heads.map((head) => taskClass(parts, head))];
  return rejectClass(parts.modelType, className, known);
}
