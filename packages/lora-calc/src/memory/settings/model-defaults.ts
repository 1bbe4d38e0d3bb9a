/** Settings that the model itself decides where nobody gives them. */

import { isRepeat } from "../../graph/tree/module-graph.js";
import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import type { Assumption } from "../../model/config.js";
import type { JsonObject } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { StepValues } from "../../fields/step.js";
import type { WorldRules } from "../../worlds/world.js";
import { learnedPositions } from "./learned-positions.js";
import type { TrainingSettings } from "./training.js";

const TARGET_PATH = "training.max_target_length";
const POOLING_PATH = "training.pooling_mode";
const ATTENTION_PATH = "training.attn_implementation";
const REENTRANT_PATH = "training.use_reentrant";

export function modelDefaults(root: ModuleNode, rules: WorldRules): Partial<StepValues> {
  return {
    ...(lacksSdpa(root, rules) ? { attn_implementation: "eager" } : {}),
    ...(checkpointsItself(root) ? { use_reentrant: true } : {}),
    ...(hasOwnLoss(root) ? { loss: "hf" } : {}),
    ...(embedsText(root) ? { loss: PAIRS_LOSS, pooling_mode: poolingOf(root) } : {}),
    ...(encodesText(root) ? { max_length: longestOf(root) } : {}),
  };
}

/** An assumption as the model makes it; what says nothing of the model is left out. */
export function ofModel(
  assumption: Assumption,
  root: ModuleNode,
  rules: WorldRules,
): readonly Assumption[] {
  const { path } = assumption;
  if (path === ATTENTION_PATH && lacksSdpa(root, rules)) {
    const reason = checkpointsItself(root)
      ? "the repository's class has attention of its own; without the flash_attn package"
      : "the class has no scaled_dot_product_attention";
    return [{ ...assumption, reason }];
  }
  if (path === REENTRANT_PATH && checkpointsItself(root)) {
    const reason = "the class calls torch's checkpoint itself, without a word on it";
    return [{ ...assumption, reason }];
  }
  if (classifiesImages(root) && OF_SEQUENCES.includes(path)) return [];
  if (path === TARGET_PATH) {
    // Source: transformers examples/pytorch/summarization/run_summarization.py `max_target_length`. No trainer has it.
    const reason = "what run_summarization.py of transformers cuts labels to";
    return readsPairs(root) ? [{ ...assumption, reason }] : [];
  }
  if (path === "training.max_length" && encodesText(root)) {
    const reason =
      learnedPositions(root) === undefined
        ? "what tokenizers of such models cut to"
        : "the model has positions for as many tokens";
    return [{ ...assumption, reason }];
  }
  if (path === POOLING_PATH) {
    return embedsText(root) ? [{ ...assumption, reason: poolingReason(root) }] : [];
  }
  if (path === "training.loss" && embedsText(root))
    return [{ ...assumption, reason: PAIRS_REASON }];
  const labels = hasOwnLoss(root) ? LABELS[root.forward.kind] : undefined;
  return path === "training.loss" && labels !== undefined
    ? [{ ...assumption, reason: `the class has a loss of its own, over ${labels}` }]
    : [assumption];
}

/** What says nothing of a batch of images. */
const OF_SEQUENCES: readonly string[] = [
  "training.max_length",
  "training.lengths",
  "training.padding",
];

/** Paths of given fields that change nothing for this model. */
export function ignoredByModel(given: JsonObject, root: ModuleNode): readonly string[] {
  const paths = [
    ...(classifiesImages(root) ? OF_SEQUENCES : []),
    ...(readsPairs(root) ? [] : [TARGET_PATH]),
    ...(embedsText(root) ? [] : [POOLING_PATH]),
    ...(checkpointsItself(root) ? [REENTRANT_PATH] : []),
  ];
  return paths.filter((path) => (given[path.replace("training.", "")] ?? null) !== null);
}

/** What the loss of a class with one of its own is over. */
const LABELS = {
  image_classifier: "one label an image",
  masked_lm: "the masked tokens",
  sequence_classifier: "one label a sequence",
  last_token_classifier: "one label a sequence",
  token_classifier: "one label a token",
  answer_finder: "the places where an answer starts and ends",
  encoder_decoder: "the labels of the decoder",
} as const;

/** Whether transformers' Trainer trains the class with its own loss, which no trainer of TRL does. */
export function hasOwnLoss(
  root: ModuleNode,
): root is ModuleNode & { readonly forward: { readonly kind: keyof typeof LABELS } } {
  return root.forward !== undefined && root.forward.kind in LABELS;
}

/** The loss of sentence-transformers over pairs of texts. */
export const PAIRS_LOSS = "multiple_negatives_ranking";

/** Whether the class has no head: what it gives of a text is made one vector (sentence-transformers). */
export function embedsText({ forward }: ModuleNode): boolean {
  return forward !== undefined && BACKBONES.has(forward.kind);
}

const BACKBONES: ReadonlySet<string> = new Set([
  ...["decoder", "alibi_decoder", "within"],
  ...["text_encoder", "rotary_encoder", "disentangled_encoder"],
]);

const PAIRS_REASON =
  "a class without a head is trained on pairs of texts, by sentence-transformers' MultipleNegativesRankingLoss";

/** The default of sentence-transformers is the mean; of what reads in one direction, the last token has seen all others. */
function poolingOf(root: ModuleNode): StepValues["pooling_mode"] {
  return readsWhole(root) ? "mean" : "lasttoken";
}

/** An encoder, or a decoder that attends to both sides. */
function readsWhole(root: ModuleNode): boolean {
  const { forward } = root;
  return encodesText(root) || (forward?.kind === "decoder" && forward.seesBothWays === true);
}

function poolingReason(root: ModuleNode): string {
  const why = readsWhole(root)
    ? "the default of sentence-transformers"
    : "the last token of a decoder has seen all others";
  return `${why}; a checkpoint says its own in 1_Pooling/config.json`;
}

/** Whether one sequence is read and another is predicted. */
function readsPairs({ forward }: ModuleNode): boolean {
  return forward?.kind === "encoder_decoder";
}

/** Whether text is read whole, and not predicted token by token. */
export function encodesText({ forward, children }: ModuleNode): boolean {
  if (forward === undefined) return false;
  if (ENCODERS.has(forward.kind)) return true;
  if (!("backbone" in forward)) return false;
  const { backbone: name } = forward;
  return children.some((child) => !isRepeat(child) && child.name === name && encodesText(child));
}

/** Encoders of text, and the classes that hold one. */
const ENCODERS: ReadonlySet<string> = new Set([
  ...["masked_lm", "sequence_classifier", "encoder_decoder"],
  ...["text_encoder", "rotary_encoder", "disentangled_encoder"],
]);

/** Tokens of a sequence where nobody says: what a tokenizer cuts to. */
const USUAL_LENGTH = 512;

function longestOf(root: ModuleNode): number {
  return Math.min(learnedPositions(root) ?? USUAL_LENGTH, USUAL_LENGTH);
}

/** Whether a batch is images with a label each, which have no length. */
export function classifiesImages({ forward }: ModuleNode): boolean {
  return forward?.kind === "image_classifier";
}

/** Whether the layers are checkpointed by the class, whatever the trainer says of it. */
function checkpointsItself({ forward, children }: ModuleNode): boolean {
  if (forward?.kind === "decoder" && forward.checkpointsReentrant === true) return true;
  return children.some((child) => !isRepeat(child) && checkpointsItself(child));
}

/** Attention that only its class writes out. */
const WITHOUT_SDPA: ReadonlySet<string> = new Set([
  ...["alibi_attention", "disentangled_attention"],
  ...["tabled_attention", "float_turned_attention", "mamba"],
]);

/** Attention with sinks is written out, for no fused kernel of PyTorch knows them; nor do they know a cap of the scores. */
function lacksSdpa({ forward, children }: ModuleNode, rules: WorldRules): boolean {
  if (forward !== undefined && WITHOUT_SDPA.has(forward.kind)) return true;
  if (forward?.kind === "sinusoidal_attention" && forward.own !== undefined) return true;
  if (forward?.kind === "attention") {
    const isCapped = forward.softcap !== undefined && !rules.leavesCapToSdpa;
    if (isCapped || forward.sinks !== undefined || forward.ownKernel !== undefined) return true;
  }
  return children.some((child) => lacksSdpa(isRepeat(child) ? child.element : child, rules));
}

/** Stops where sdpa is asked of a class without it. */
export function rejectSdpa(
  { attn_implementation: asked }: TrainingSettings,
  { className, root }: ModuleGraph,
  rules: WorldRules,
): void {
  if (asked !== "sdpa" || !lacksSdpa(root, rules)) return;
  reject({
    code: "invalid_value",
    path: ATTENTION_PATH,
    message: `transformers stops here: ${className} does not support an attention implementation through torch.nn.functional.scaled_dot_product_attention; use eager`,
    received: asked,
    expected: ["eager"],
  });
}
