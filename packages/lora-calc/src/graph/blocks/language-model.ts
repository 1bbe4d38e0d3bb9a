/** The frame that decoder-only models share: backbone, head by task, tied embeddings. */

import type { Config } from "../../model/config.js";
import type { BuildContext } from "../tree/blueprint.js";
import type { DecoderForward } from "../tree/forward.js";
import type { HeadForward } from "../tree/head-forward.js";
import { isRepeat } from "../tree/module-graph.js";
import type { DecoderSizes, ModuleGraph, ModuleNode } from "../tree/module-graph.js";
import { container, leaf, linear } from "../tree/vocabulary.js";
import type { LanguageModelParts, TaskHead } from "./language-model-parts.js";
import { labelCount, labelLoss, rejectClass } from "./task-heads.js";

/** Children of a decoder by the names that most classes give them. */
export const USUAL_DECODER: DecoderForward = {
  kind: "decoder",
  tokenEmbedding: "embed_tokens",
  rotary: "rotary_emb",
  layers: "layers",
  finalNorm: "norm",
};

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
    ...(parts.hidesBackbone === undefined ? {} : { hidesBackbone: parts.hidesBackbone }),
    ...(parts.upcastsLogits === true ? { upcastsLogits: true } : {}),
    ...(parts.narrowsHidden === true ? { narrowsHidden: true } : {}),
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
