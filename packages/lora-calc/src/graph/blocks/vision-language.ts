/** The frame of language models that see: a vision part and a language part inside `model`, and a head. */

import type { Config } from "../../model/config.js";
import type { BuildContext } from "../tree/blueprint.js";
import type { CausalLmForward, VisionLanguageForward } from "../tree/forward.js";
import type { ModuleGraph, ModuleNode } from "../tree/module-graph.js";
import { container, linear } from "../tree/vocabulary.js";
import { decoderSizes } from "./language-model.js";
import type { LanguageModelParts } from "./language-model-parts.js";
import { modelOfClass } from "./model-classes.js";
import type { ModelClasses } from "./model-classes.js";
import { labelCount } from "./task-heads.js";

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
  /** The word embedding has more rows than vocab_size (mllama). */
  readonly hidesEmbedding?: boolean;
  /** How a batch of text alone runs, where that is known. */
  readonly textOnly?: Omit<VisionLanguageForward, "kind" | "language">;
  /** There is a class for sequence classification. */
  readonly classifies?: boolean;
}

export function visionLanguage(
  parts: VisionLanguageParts,
  config: Config,
  context: BuildContext,
): ModuleGraph {
  const { modelType, prefix, language, tied, classifies = false } = parts;
  const { languageName = "language_model", hidesEmbedding = false } = parts;
  const forward = textForward(parts, languageName);
  const base = `${prefix}Model`;
  const generation = `${prefix}ForConditionalGeneration`;
  const classification = `${prefix}ForSequenceClassification`;
  const { hiddenSize, vocabSize } = language;
  const word = `${languageName}.${language.forward.tokenEmbedding}`;
  const [inputEmbedding, shared] = [`model.${word}`, `model.${word}.weight`];
  const children = [
    ...parts.vision,
    container(languageName, language.backboneType ?? `${language.prefix}Model`, {
      children: language.children,
      forward: language.forward,
      ...(language.buffers === undefined ? {} : { buffers: language.buffers }),
    }),
    ...(parts.behind ?? []),
  ];
  const model = container("model", base, {
    children,
    ...(forward === undefined ? {} : { forward }),
  });
  const classes: ModelClasses["classes"] = {
    [generation]: () => ({
      children: [model, linear("lm_head", hiddenSize, vocabSize, tied ? { tiedTo: shared } : {})],
      forward: forward === undefined ? undefined : withHead(language),
      inputEmbedding,
      outputEmbedding: "lm_head",
      tied: tied ? [shared, "lm_head.weight"] : [],
    }),
    ...(classifies
      ? {
          [classification]: () => ({
            children: [model, linear("score", hiddenSize, labelCount(config))],
            inputEmbedding,
          }),
        }
      : {}),
    [base]: () => ({ children, inputEmbedding: word }),
  };
  return modelOfClass(
    {
      modelType,
      usual: generation,
      classOfTask: {
        CAUSAL_LM: generation,
        ...(classifies ? { SEQ_CLS: classification } : {}),
        FEATURE_EXTRACTION: base,
      },
      sizes: { ...decoderSizes(language), ...(hidesEmbedding ? { hidesEmbedding } : {}) },
      classes,
    },
    context,
  );
}

/** Most of these classes do not cap their logits, though TRL's chunked loss does by the text's configuration. */
function withHead({ softcap, capsLogits }: LanguageModelParts): CausalLmForward {
  const plain = { kind: "causal_lm", decoder: "model", head: "lm_head" } as const;
  if (softcap === true && capsLogits === true) return { ...plain, softcap };
  return softcap === true ? { ...plain, capsChunks: true } : plain;
}

function textForward(
  { textOnly, language }: VisionLanguageParts,
  languageName: string,
): VisionLanguageForward | undefined {
  const isScaled = language.scaledLogits === true;
  if (textOnly === undefined || isScaled || language.isCountedOnly === true) return undefined;
  return { kind: "vision_language", language: languageName, ...textOnly };
}
