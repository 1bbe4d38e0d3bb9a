/** The frame that decoder-only models share: backbone, head by task, tied embeddings. */

import { reject } from "../../problem/problem.js";
import { nearestName } from "../../problem/fields.js";
import type { Config } from "../../model/config.js";
import type { BuildContext } from "../blueprint.js";
import type { DecoderForward } from "../forward.js";
import type { Child, ModuleGraph, ModuleNode } from "../module-graph.js";
import { container, leaf, linear } from "../vocabulary.js";

export interface LanguageModelParts {
  readonly modelType: string;
  /** Start of the class names: `Llama` for LlamaModel, LlamaForCausalLM, … */
  readonly prefix: string;
  /** Attribute of the backbone inside the task model. */
  readonly backbone: string;
  readonly backboneType?: string;
  /** Children of the backbone in the order of its constructor. */
  readonly children: readonly (Child | undefined)[];
  readonly forward: DecoderForward;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  readonly tied: boolean;
  readonly causalClass?: string;
  readonly headBias?: boolean;
  readonly scaledLogits?: boolean;
  readonly softcap?: boolean;
}

type MakeRoot = (parts: LanguageModelParts, config: Config) => TaskModel;

interface TaskModel {
  readonly children: readonly ModuleNode[];
  /** Attribute that `get_output_embeddings()` returns, if any. */
  readonly head?: string;
  /** Attribute of the backbone when it differs from the causal model's. */
  readonly backbone?: string;
}

const DEFAULT_LABEL_COUNT = 2;

/** Class-name endings and what they put on the backbone. */
const TASKS: Readonly<Record<string, MakeRoot>> = {
  ForCausalLM: (parts) => ({
    head: "lm_head",
    children: [
      linear("lm_head", parts.hiddenSize, parts.vocabSize, {
        bias: parts.headBias ?? false,
        ...(parts.tied ? { tiedTo: embeddingPath(parts, parts.backbone) } : {}),
      }),
    ],
  }),
  ForSequenceClassification: (parts, config) => ({
    children: [linear("score", parts.hiddenSize, labelCount(config))],
  }),
  ForTokenClassification: (parts, config) => ({
    children: [
      leaf("dropout", "Dropout"),
      linear("score", parts.hiddenSize, labelCount(config), { bias: true }),
    ],
  }),
  ForQuestionAnswering: (parts) => ({
    backbone: "transformer",
    children: [linear("qa_outputs", parts.hiddenSize, 2, { bias: true })],
  }),
};

/** Number of classes of a classification head: `num_labels`, or the size of `id2label`, or transformers' default 2. */
export function labelCount(config: Config): number {
  const labels = config.fields.get("id2label");
  const named = typeof labels === "object" && labels !== null ? Object.keys(labels).length : 0;
  return config.optionalSize("num_labels") ?? (named || DEFAULT_LABEL_COUNT);
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
  const task = className === causalClass ? "ForCausalLM" : className.slice(parts.prefix.length);
  const make =
    className.startsWith(parts.prefix) || className === causalClass ? TASKS[task] : undefined;
  if (make === undefined) rejectClass(parts, className, [baseClass, causalClass]);
  const { children, head, backbone = parts.backbone } = make(parts, config);
  return {
    modelType: parts.modelType,
    className,
    root: container("", className, {
      children: [backboneNode(parts, backbone, baseClass), ...children],
      ...(head === undefined ? {} : { forward: causalForward(parts, head) }),
    }),
    inputEmbedding: `${backbone}.${parts.forward.tokenEmbedding}`,
    ...(head === undefined ? {} : { outputEmbedding: head }),
    tied: head !== undefined && parts.tied ? [tiedNames(parts, head)] : [],
  };
}

function baseModel(parts: LanguageModelParts, baseClass: string): ModuleGraph {
  return {
    modelType: parts.modelType,
    className: baseClass,
    root: backboneNode(parts, "", baseClass),
    inputEmbedding: parts.forward.tokenEmbedding,
    tied: [],
  };
}

function backboneNode(parts: LanguageModelParts, name: string, type: string): ModuleNode {
  return container(name, type, { children: parts.children, forward: parts.forward });
}

function causalForward(parts: LanguageModelParts, head: string) {
  return {
    kind: "causal_lm" as const,
    decoder: parts.backbone,
    head,
    ...(parts.scaledLogits === true ? { scaledLogits: true } : {}),
    ...(parts.softcap === true ? { softcap: true } : {}),
  };
}

function embeddingPath(parts: LanguageModelParts, backbone: string): string {
  return `${backbone}.${parts.forward.tokenEmbedding}.weight`;
}

function tiedNames(parts: LanguageModelParts, head: string): readonly string[] {
  return [embeddingPath(parts, parts.backbone), `${head}.weight`];
}

function rejectClass(
  parts: LanguageModelParts,
  className: string,
  special: readonly string[],
): never {
  const tasks = Object.keys(TASKS).filter((task) => task !== "ForCausalLM");
  const known = [...special, ...tasks.map((task) => `${parts.prefix}${task}`)];
  const near = nearestName(className, known);
  reject({
    code: "unknown_architecture",
    path: "model.architecture",
    message:
      `${className} is not a class this calculator knows for model_type ${parts.modelType}` +
      (near === undefined ? `; use one of ${known.join(", ")}` : ` (did you mean ${near}?)`),
    received: className,
    expected: known,
  });
}
