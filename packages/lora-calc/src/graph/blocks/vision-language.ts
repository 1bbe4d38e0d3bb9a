/** The frame of language models that see: a vision part and a language part inside `model`, and a head. */

import type { Config } from "../../model/config.js";
import type { BuildContext } from "../blueprint.js";
import type { ModuleGraph, ModuleNode } from "../module-graph.js";
import { container, linear } from "../vocabulary.js";
import { decoderSizes } from "./language-model.js";
import type { LanguageModelParts } from "./language-model.js";
import { labelCount, rejectClass } from "./task-heads.js";

export interface VisionLanguageParts {
  readonly modelType: string;
  /** Start of the class names: `Gemma3` for Gemma3Model, Gemma3ForConditionalGeneration. */
  readonly prefix: string;
  /** Children of `model` in front of the language model. */
  readonly vision: readonly ModuleNode[];
  /** Children behind it. */
  readonly behind?: readonly ModuleNode[];
  /** Attribute of the language model. Default: `language_model`. */
  readonly languageName?: string;
  readonly language: LanguageModelParts;
  readonly tied: boolean;
  /** There is a class for sequence classification. */
  readonly classifies?: boolean;
}

export function visionLanguage(
  parts: VisionLanguageParts,
  config: Config,
  context: BuildContext,
): ModuleGraph {
  const {
    modelType,
    prefix,
    language,
    languageName = "language_model",
    classifies = false,
  } = parts;
  const generation = `${prefix}ForConditionalGeneration`;
  const classification = `${prefix}ForSequenceClassification`;
  const className = context.className ?? generation;
  const { hiddenSize, vocabSize } = language;
  const word = `${languageName}.${language.forward.tokenEmbedding}`;
  const common = {
    modelType,
    className,
    decoder: decoderSizes(language),
    classOfTask: {
      CAUSAL_LM: generation,
      ...(classifies ? { SEQ_CLS: classification } : {}),
      FEATURE_EXTRACTION: `${prefix}Model`,
    },
  };
  const children = [
    ...parts.vision,
    container(languageName, language.backboneType ?? `${language.prefix}Model`, {
      children: language.children,
    }),
    ...(parts.behind ?? []),
  ];
  if (className === `${prefix}Model`) {
    const root = container("", className, { children });
    return { ...common, root, inputEmbedding: word, tied: [] };
  }
  const model = container("model", `${prefix}Model`, { children });
  const inputEmbedding = `model.${word}`;
  if (className === generation) {
    const shared = `${inputEmbedding}.weight`;
    const head = linear("lm_head", hiddenSize, vocabSize, parts.tied ? { tiedTo: shared } : {});
    return {
      ...common,
      root: container("", className, { children: [model, head] }),
      inputEmbedding,
      outputEmbedding: "lm_head",
      tied: parts.tied ? [[shared, "lm_head.weight"]] : [],
    };
  }
  if (!classifies || className !== classification) {
    const known = [generation, ...(classifies ? [classification] : []), `${prefix}Model`];
    return rejectClass(modelType, className, known);
  }
  const score = linear("score", hiddenSize, labelCount(config));
  const root = container("", className, { children: [model, score] });
  return { ...common, root, inputEmbedding, tied: [] };
}
