/** Whether the step of a model with its adapters can be run, and if not, why. */

import type { AdapterPlan } from "../../adapter/plan/plan.js";
import type { ModuleGraph, ModuleNode } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import { reject } from "../../problem/problem.js";
import { isRepeat } from "../../graph/tree/module-graph.js";
import { whyTablesEnd } from "./kept-tables.js";
import { learnedPositions } from "./learned-positions.js";
import { embedsText, encodesText, hasOwnLoss, PAIRS_LOSS } from "./model-defaults.js";
import type { Quantization } from "./quantization.js";
import type { LossName, TrainingSettings } from "./training.js";

/** The deepest published decoder has 126 layers; the replay of 256 takes about a second. */
const MAX_LAYERS = 256;

/** Modules whose trained copy runs in their place. */
const COPIED_KINDS: ReadonlySet<string | undefined> = new Set([
  "linear",
  "hf_conv1d",
  "embedding",
  "rms_norm",
  "layer_norm",
  "classification_head",
]);

/** Modules whose program runs an adapter around them; of others (convolutions) it would be passed over. */
const ADAPTED_KINDS: ReadonlySet<string | undefined> = new Set([
  "linear",
  "hf_conv1d",
  "embedding",
]);

/** Modules that read their parameters through the adapters on them. */
const WRAPPED_KINDS: ReadonlySet<string | undefined> = new Set([
  "experts",
  "router",
  "grouped_router",
  "shares_router",
  "corrected_router",
]);

interface RunnableParts {
  readonly graph: ModuleGraph;
  /** Undefined for full fine-tuning. */
  readonly plan: AdapterPlan | undefined;
  readonly quantization: Quantization | undefined;
}

/** A sentence that names what is missing, or undefined when the step can be run. */
export function whyNotRunnable(
  { graph, plan, quantization }: RunnableParts,
  loss: LossName,
): string | undefined {
  if (graph.stops !== undefined) return graph.stops;
  const isOwn = hasOwnLoss(graph.root);
  const embeds = embedsText(graph.root);
  if ((isOwn || embeds) && loss === "dpo") {
    return `${graph.className} gives no log-probabilities of tokens to prefer; leave training.method out`;
  }
  if (embeds && loss !== PAIRS_LOSS) {
    return `${graph.className} has no head, and is trained on pairs of texts; set training.loss to ${PAIRS_LOSS}, or model.architecture to a class with a head`;
  }
  if (!embeds && loss === PAIRS_LOSS) {
    return `${PAIRS_LOSS} is sentence-transformers' loss over what a class without a head gives, and ${graph.className} has one; set adapter.task_type to FEATURE_EXTRACTION and model.architecture to AutoModel`;
  }
  if (isOwn && loss !== "hf") {
    return `${graph.className} is trained by transformers' Trainer with its own loss; set training.loss to hf`;
  }
  if (!isOwn && !embeds && graph.root.forward?.kind !== "causal_lm") {
    return `the forward pass of ${graph.className} is not modelled`;
  }
  const hidden = whyBackboneIsHidden(graph, loss);
  if (hidden !== undefined) return hidden;
  const missing = firstWithoutForward(graph.root, graph.root.type);
  if (missing !== undefined) return `the forward pass of ${missing} is not modelled`;
  const layers = deepestRepeat(graph.root);
  if (layers > MAX_LAYERS) return `${layers} layers are more than the ${MAX_LAYERS} that are run`;
  if (quantization !== undefined && endsInLayers(graph)) {
    return `the last parameter of ${graph.className} lies in its last layer, where transformers leaves one module unquantized, which is not modelled`;
  }
  if (plan === undefined) {
    return quantization === undefined
      ? undefined
      : "weights stored in 4 or 8 bits cannot be trained; give an adapter, or leave quantization out";
  }
  return whyAdapterNotRunnable(graph, plan, loss);
}

function whyAdapterNotRunnable(
  graph: ModuleGraph,
  plan: AdapterPlan,
  loss: LossName,
): string | undefined {
  if (plan.peftType !== "LORA")
    return `the forward pass of ${plan.peftType} adapters is not modelled`;
  if (plan.rootCopies !== undefined) return "copies of the whole model are not modelled";
  if (plan.isReplicated === true) return "replicated layers are not modelled";
  if (plan.modelTensors.length > 0) return "prompt tensors are not modelled";
  const choosing = plan.modules.find(({ site }) => site.node.forward?.kind === "choosing_linear");
  if (choosing !== undefined) {
    const { pattern } = choosing.site;
    return `PEFT's layer stops at ${pattern}, which gives more than one tensor (AttributeError: 'tuple' object has no attribute 'dtype'); set adapter.exclude_modules to ["${pattern.split(".").at(-1) ?? pattern}"]`;
  }
  const head = whyHeadNotRunnable(graph, plan, loss);
  if (head !== undefined) return head;
  if (plan.tiedAdapters !== undefined) return "tied adapters are not modelled";
  if (
    plan.copies.some(({ tiedToPath, isNested }) => tiedToPath !== undefined || isNested === true)
  ) {
    return "tied copies, and copies inside copies, are not modelled";
  }
  const compound = plan.copies.find(({ site }) => !COPIED_KINDS.has(site.node.forward?.kind));
  if (compound !== undefined) {
    return `a trained copy of ${compound.site.pattern} is not modelled`;
  }
  const odd = plan.modules.find(
    ({ lora, parameterName, site: { node } }) =>
      lora === undefined ||
      !(parameterName === undefined ? ADAPTED_KINDS : WRAPPED_KINDS).has(node.forward?.kind),
  );
  return odd === undefined ? undefined : `the adapter on ${odd.site.pattern} is not modelled`;
}

/** TRL's losses without logits ask a class for its backbone. Source: trl 1.13 and 1.16 trainer/utils.py (`base_model.last_hidden_state`). */
function whyBackboneIsHidden(
  { root: { forward }, className }: ModuleGraph,
  loss: LossName,
): string | undefined {
  if (forward?.kind !== "causal_lm" || forward.hidesBackbone === undefined) return undefined;
  if (loss !== "chunked_nll" && loss !== "fused") return undefined;
  return `TRL's ${loss} loss stops at ${className}, whose base_model_prefix is ${forward.hidesBackbone} while its backbone is ${forward.decoder} (AttributeError: no attribute 'last_hidden_state'); set training.loss to hf, as transformers' Trainer has it`;
}

/** A head with trained rows is a wrapper, which losses that read its weight stumble over. */
function whyHeadNotRunnable(
  { outputEmbedding }: ModuleGraph,
  { tokens = [], modules, copies }: AdapterPlan,
  loss: LossName,
): string | undefined {
  const wrapped = tokens.some(
    ({ site, followedBy }) => followedBy !== undefined || site.path === outputEmbedding,
  );
  if (!wrapped) return undefined;
  if ([...modules, ...copies].some(({ site }) => site.path === outputEmbedding)) {
    return "a head with trained tokens that is adapted or copied too is not modelled";
  }
  if (loss === "hf" || loss === "nll") return undefined;
  return loss === "chunked_nll" || loss === "fused"
    ? `with trained tokens on the head TRL's ${loss} loss stops (AttributeError: 'TrainableTokensWrapper' object has no attribute 'bias'); set training.loss to ${loss === "fused" ? "hf" : "nll"}`
    : `${loss} on a head with trained tokens is not modelled; set training.loss to nll or hf`;
}

/** TRL's fused head multiplies by the weight itself. Source: trl 1.16 sft_trainer.py, dpo_trainer.py (`BaseTunerLayer`). */
export function rejectAdaptedHead(
  { outputEmbedding }: ModuleGraph,
  { modules }: AdapterPlan,
  { loss, fusesHead }: TrainingSettings,
): void {
  if (loss !== "fused" && !(loss === "dpo" && fusesHead)) return;
  const adapted = modules.find(({ site }) => site.path === outputEmbedding);
  if (adapted === undefined) return;
  reject({
    code: "invalid_value",
    path: "adapter.target_modules",
    message: `TRL stops here: ValueError: an adapter on ${adapted.site.pattern} is not supported, for its fused head computes log-probabilities from the weight directly, and the adapter would never be trained; remove it from target_modules, or train a copy (modules_to_save)`,
    received: adapted.site.pattern,
    expected: "modules other than the output embedding",
  });
}

/** A sentence when a sequence has more tokens than a model has learned positions for, or undefined. */
export function whyTooLong(node: ModuleNode, settings: TrainingSettings): string | undefined {
  const places = learnedPositions(node);
  const isPair = node.forward?.kind === "encoder_decoder";
  const fields = isPair
    ? (["max_length", "max_target_length"] as const)
    : (["max_length"] as const);
  const long = fields.find((field) => settings[field] > (places ?? Infinity));
  if (long === undefined) return whyTablesEnd(node, settings);
  return `the model has positions for ${places} tokens and a sequence has ${settings[long]}, at which its embedding of positions stops (IndexError); set training.${long} to at most ${places}`;
}

/** A sentence when an encoder would run in a way that has no program (an eager kernel's softmax keeps another dtype), or undefined. */
export function whyNotEncoded(root: ModuleNode, settings: TrainingSettings): string | undefined {
  if (settings.attn_implementation !== "eager" || !encodesText(root) || isDisentangled(root)) {
    return whyNotPaired(root, settings);
  }
  return "eager attention of encoders is not modelled; leave training.attn_implementation out";
}

/** Whether layers are written out, and share what is made before them. */
function isDisentangled({ forward, children }: ModuleNode): boolean {
  if (forward?.kind === "disentangled_encoder") return true;
  return children.some((child) => !isRepeat(child) && isDisentangled(child));
}

/** A sentence when layers that share tensors would run in a way that has no program, or undefined. */
function whyNotPaired(
  root: ModuleNode,
  { gradient_checkpointing: recomputes, use_reentrant, ...settings }: TrainingSettings,
): string | undefined {
  const isPair = root.forward?.kind === "encoder_decoder";
  if (!isPair && !isDisentangled(root)) return undefined;
  const whose = isPair ? "an encoder-decoder" : "attention to distances";
  if (isPair && settings.dtype === "float16") {
    return "an encoder-decoder loaded in float16, whose blocks clamp what they give, is not modelled; set training.dtype to float32 or bfloat16";
  }
  if (recomputes && (use_reentrant || settings.selective_checkpointing)) {
    return `${use_reentrant ? "reentrant" : "selective"} checkpoints of ${whose} are not modelled; leave training.${use_reentrant ? "use_reentrant" : "selective_checkpointing"} out`;
  }
  return undefined;
}

/** A sentence when a trainer switches off dropout that the model has of its own, or undefined. */
export function whyDropoutStays(
  node: ModuleNode,
  { preference }: TrainingSettings,
): string | undefined {
  if (preference === undefined || !hasDropout(node)) return undefined;
  return "DPO switches off the dropout of the model's own modules, which is not modelled; take a model without, or set its dropout to 0 in config.json";
}

function hasDropout({ forward, children }: ModuleNode): boolean {
  const rates = Object.entries(forward ?? {}).filter(([name]) => /dropout$/i.test(name));
  if (rates.some(([, rate]) => typeof rate === "number" && rate > 0)) return true;
  return children.some((child) => hasDropout(isRepeat(child) ? child.element : child));
}

/** Whether a model has experts that run as one grouped product. */
export function hasExperts(node: ModuleNode): boolean {
  const { forward } = node;
  if (forward?.kind === "experts" && forward.computesAll !== true) return true;
  return node.children.some((child) => hasExperts(isRepeat(child) ? child.element : child));
}

function deepestRepeat(node: ModuleNode): number {
  return node.children.reduce((most, child) => {
    const inner = isRepeat(child) ? child.element : child;
    return Math.max(most, isRepeat(child) ? child.indices.length : 0, deepestRepeat(inner));
  }, 0);
}

/** Modules whose output matters but which no program knows: those with parameters and no description. */
function firstWithoutForward(node: ModuleNode, path: string): string | undefined {
  if (node.forward?.kind === "looking_layer") return undefined;
  if (node.parameters.length > 0 && node.forward === undefined) return path;
  const { forward } = node;
  for (const child of node.children) {
    const next = isRepeat(child) ? child.element : child;
    if (forward?.kind === "vision_language" && next.name !== forward.language) continue;
    const found = firstWithoutForward(next, `${path}.${next.name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether the last parameter, whose module transformers does not quantize, is a product's in a list (olmo with a tied head). */
function endsInLayers(graph: ModuleGraph): boolean {
  const last = sitesOf(graph).findLast(({ node }) =>
    node.parameters.some(({ tiedTo }) => tiedTo === undefined),
  );
  return last?.node.layer?.kind === "linear" && last.pattern.includes("*");
}
