/** The frame that encoders of text share: backbone, and heads by class. */

import type { Config } from "../../model/config.js";
import type { BuildContext } from "../tree/blueprint.js";
import type {
  MaskedLmForward,
  DisentangledEncoderForward,
  RotaryEncoderForward,
  SequenceClassifierForward,
  TextEncoderForward,
} from "../tree/encoder-forward.js";
import type { AnswerFinderForward, HeadForward } from "../tree/head-forward.js";
import type { Child, ModuleGraph, ModuleNode } from "../tree/module-graph.js";
import { isRepeat } from "../tree/module-graph.js";
import { container, leaf, linear } from "../tree/vocabulary.js";
import { labelCount, labelLoss, rejectClass } from "./task-heads.js";

export interface EncoderParts {
  readonly modelType: string;
  /** Start of the class names: `Bert` for BertModel, BertForMaskedLM, … */
  readonly prefix: string;
  /** Attribute of the backbone inside the task model. */
  readonly backbone: string;
  /** Children of the backbone; some classes leave the pooler out. */
  readonly children: (hasPooler: boolean) => readonly (Child | undefined)[];
  /** Path of the word embedding inside the backbone. */
  readonly wordEmbedding: string;
  readonly hiddenSize: number;
  readonly layers: number;
  /** Fields of a prompt that PEFT does not find in the configuration. */
  readonly notFound?: readonly string[];
  readonly tied: boolean;
  /** Heads are registered in front of the backbone (xlm-roberta). */
  readonly headsFirst?: boolean;
  /** How the backbone computes, where that is known. */
  readonly encoder?: TextEncoderForward | RotaryEncoderForward | DisentangledEncoderForward;
  readonly maskedLm: EncoderHead;
  /** Head of `ForPreTraining`, for the classes that published checkpoints name. */
  readonly preTraining?: EncoderHead;
  readonly sequenceClassification: EncoderHead;
  /** In front of the classifier of tokens. Default: that of other classifiers. */
  readonly tokenDropout?: number;
  /** Default: `dropout`, `classifier`. */
  readonly tokenClassification?: EncoderHead;
  /** Default: `qa_outputs`. */
  readonly questionAnswering?: EncoderHead;
}

interface EncoderHead {
  /** Modules in front of the backbone, and behind it. */
  readonly before?: readonly ModuleNode[];
  readonly behind: readonly ModuleNode[];
  readonly hasPooler?: boolean;
  /** Path of the layer that makes logits over the vocabulary. */
  readonly output?: string;
  /** How the class computes on the backbone, where that is known. */
  readonly forward?: MaskedLmForward | SequenceClassifierForward | HeadForward;
  /** Name of its bias under which it is registered first, if they share it. */
  readonly sharedBias?: string;
}

/** Source: peft utils/peft_types.py `TaskType`. */
const HEADS = {
  SEQ_CLS: "ForSequenceClassification",
  TOKEN_CLS: "ForTokenClassification",
  QUESTION_ANS: "ForQuestionAnswering",
} as const;

/** Path of the embedding as a class sees it that holds the backbone. */
export function embeddingOf(backbone: string, wordEmbedding: string): string {
  return `${backbone}.${wordEmbedding}`;
}

/** Builds the class that the context asks for; without one, the masked language model. */
export function encoderModel(
  parts: EncoderParts,
  config: Config,
  context: BuildContext,
): ModuleGraph {
  const { modelType, prefix, backbone, hiddenSize, layers } = parts;
  const className = context.className ?? `${prefix}ForMaskedLM`;
  const common = {
    modelType,
    className,
    classOfTask: {
      ...Object.fromEntries(Object.entries(HEADS).map(([task, head]) => [task, prefix + head])),
      FEATURE_EXTRACTION: `${prefix}Model`,
    },
    decoder: {
      layers,
      hiddenSize,
      keyValueSize: hiddenSize,
      ...(parts.notFound === undefined ? {} : { notFound: parts.notFound }),
    },
  };
  const { encoder } = parts;
  if (className === `${prefix}Model`) {
    const children = parts.children(true);
    const root = container("", className, { children, ...ranBy(encoder, hasChild(children)) });
    return { ...common, root, inputEmbedding: parts.wordEmbedding, tied: [] };
  }
  const head = headOf(parts, className, config);
  const { before = [], behind, hasPooler = false, output } = head;
  const backboneNode = container(backbone, `${prefix}Model`, {
    ...ranBy(encoder, hasPooler),
    children: parts.children(hasPooler),
  });
  return {
    ...common,
    root: container("", className, {
      ...(head.forward === undefined ? {} : { forward: head.forward }),
      children:
        parts.headsFirst === true
          ? [...behind, backboneNode]
          : [...before, backboneNode, ...behind],
    }),
    inputEmbedding: embeddingOf(backbone, parts.wordEmbedding),
    ...(output === undefined ? {} : { outputEmbedding: output }),
    tied: output !== undefined && parts.tied ? tiedGroups(parts, output, head.sharedBias) : [],
  };
}

/** A pooler runs in the backbone that holds one. */
function ranBy(
  encoder: EncoderParts["encoder"],
  hasPooler: boolean,
): { readonly forward?: NonNullable<EncoderParts["encoder"]> } {
  if (encoder === undefined) return {};
  const runsPooler = encoder.kind === "text_encoder" && hasPooler;
  return { forward: runsPooler ? { ...encoder, pooler: POOLER } : encoder };
}

const POOLER = "pooler";

function hasChild(children: readonly (Child | undefined)[]): boolean {
  return children.some((child) => child !== undefined && !isRepeat(child) && child.name === POOLER);
}

/** In the order in which the names are registered. */
function tiedGroups(
  parts: EncoderParts,
  output: string,
  sharedBias: string | undefined,
): readonly string[][] {
  const { backbone, wordEmbedding, headsFirst = false } = parts;
  const embedding = `${embeddingOf(backbone, wordEmbedding)}.weight`;
  const biases = sharedBias === undefined ? [] : [[sharedBias, `${output}.bias`]];
  return headsFirst
    ? [...biases, [`${output}.weight`, embedding]]
    : [[embedding, `${output}.weight`], ...biases];
}

function headOf(parts: EncoderParts, className: string, config: Config): EncoderHead {
  const { prefix, backbone, hiddenSize, preTraining } = parts;
  const { tokenDropout: dropout = classifierDropout(config) } = parts;
  if (preTraining !== undefined && className === `${prefix}ForPreTraining`) return preTraining;
  switch (className) {
    case `${prefix}ForMaskedLM`:
      return parts.maskedLm;
    case `${prefix}ForSequenceClassification`:
      return parts.sequenceClassification;
    case `${prefix}ForTokenClassification`:
      return (
        parts.tokenClassification ?? {
          behind: classifier(hiddenSize, config),
          ...(parts.encoder === undefined
            ? {}
            : {
                forward: { kind: "token_classifier", backbone, classifier: "classifier", dropout },
              }),
        }
      );
    case `${prefix}ForQuestionAnswering`:
      return (
        parts.questionAnswering ?? {
          behind: [linear("qa_outputs", hiddenSize, labelCount(config), { bias: true })],
          ...(parts.encoder === undefined
            ? {}
            : answerFinder(config, { backbone, output: "qa_outputs" })),
        }
      );
    default: {
      const more = preTraining === undefined ? [] : ["ForPreTraining"];
      const heads = ["ForMaskedLM", ...Object.values(HEADS), ...more];
      const known = [`${prefix}Model`, ...heads.map((head) => prefix + head)];
      return rejectClass(parts.modelType, className, known);
    }
  }
}

/** How a head of two scores a token computes; with more labels the class stops (ValueError), and says nothing. */
export function answerFinder(
  config: Config,
  names: Omit<AnswerFinderForward, "kind" | "dropout">,
  dropout = 0,
): { readonly forward?: HeadForward } {
  if (labelCount(config) !== 2) return {};
  return { forward: { kind: "answer_finder", dropout, ...names } };
}

/** Dropout and a linear layer, as most classes have them. */
export function classifier(hiddenSize: number, config: Config): readonly ModuleNode[] {
  return [
    leaf("dropout", "Dropout"),
    linear("classifier", hiddenSize, labelCount(config), { bias: true }),
  ];
}

/** Dropout in front of a classifier: its own, else that of hidden states. */
export function classifierDropout(config: Config): number {
  const hidden = config.number("hidden_dropout_prob", 0.1);
  return config.isNull("classifier_dropout") ? hidden : config.number("classifier_dropout", hidden);
}

/** How a classifier of sequences computes, where its loss is that of one class or one number; else nothing. */
export function sequenceClassifier(
  config: Config,
  names: Omit<SequenceClassifierForward, "kind" | "dropout" | "loss">,
  dropout: number = classifierDropout(config),
): { readonly forward?: SequenceClassifierForward } {
  const loss = labelLoss(config);
  return loss === undefined
    ? {}
    : { forward: { kind: "sequence_classifier", ...names, dropout, loss } };
}
