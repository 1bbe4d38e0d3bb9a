/** What Unsloth runs of a scenario: its tables, its memory, and what of it has no program. */

import type { AttentionCard } from "../../catalogue/cuda.js";
import { findModel } from "../../catalogue/models.js";
import { firstPositionsOf, positionsOf } from "../../catalogue/positions.js";
import type { ModelDescription } from "../../model/description.js";
import type { AdapterPlan } from "../../adapter/plan/plan.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Site } from "../../graph/tree/sites.js";
import type { JsonObject } from "../../problem/fields.js";
import { OWN_FORWARDS, type UnslothRules } from "../../stacks/unsloth.js";
import type { Dtype } from "../../units/dtype.js";
import type { WorldRules } from "../../worlds/world.js";
import type { Device } from "./device.js";
import type { Quantization } from "./quantization.js";
import type { TrainingSettings } from "./training.js";
import type { RopePairs, UnslothUse } from "./unsloth-use.js";

/** Rows of a table from 2024.7 on. */
const MOST_ROWS = 4 * 8192;

/** Positions of a class whose configuration does not say them. Source: transformers models/*\/configuration_*.py. */
const DEFAULT_POSITIONS: Readonly<Record<string, number>> = {
  llama: 2048,
  mistral: 4096 * 32,
  qwen2: 32_768,
  qwen3: 32_768,
  gemma: 8192,
};

/** Types that have their tables in the model, too, by release. */
const WITH_MODEL_TABLES = { layer_and_llama: ["llama"], layer_and_models: ["llama", "qwen2"] };

interface Sizes {
  readonly modelType: string;
  readonly layers: number;
  readonly headDim: number;
}

/** Tables that Unsloth's rotary modules hold. Source: unsloth models/llama.py `LlamaRotaryEmbedding.__init__`. */
function ropePairs(
  { rope }: UnslothRules,
  { modelType, layers, headDim: dim }: Sizes,
  { most, first }: Positions,
  maxSeqLength: number,
): readonly RopePairs[] {
  const positions = Math.max(maxSeqLength, most);
  const rows = Math.min(MOST_ROWS, positions);
  const dtype: Dtype = modelType === "gemma" ? "float32" : "float16";
  if (first !== undefined) return [{ count: layers, rows: first, dim, dtype }];
  if (rope === "layer_full") return [{ count: layers, rows: positions, dim, dtype }];
  if (rope === "shared") return [{ count: 1, rows, dim, dtype }];
  const beside = rope !== "layer" && WITH_MODEL_TABLES[rope].includes(modelType) ? 1 : 0;
  return [{ count: layers + beside, rows, dim, dtype }];
}

/** Positions of a model. */
export interface Positions {
  readonly most: number;
  /** Those it was trained on first, where it scales the others: a table of these is made, and the long one when it is asked for. */
  readonly first: number | undefined;
}

/** By the name of the catalogue, whose sizes leave them out; by the configuration; else as the class has them. */
export function positionsFor(model: ModelDescription, modelType: string): Positions {
  const config = model.kind === "config" ? model.config : {};
  const id = model.kind === "config" && model.id !== undefined ? findModel(model.id).id : "";
  const given = positionsOf(id) ?? config["max_position_embeddings"];
  return {
    most: typeof given === "number" ? given : (DEFAULT_POSITIONS[modelType] ?? 0),
    first: firstPositionsOf(id) ?? firstPositions(config),
  };
}

function firstPositions(config: JsonObject): number | undefined {
  const scaling = config["rope_scaling"] as JsonObject | null | undefined;
  const kind = scaling?.["rope_type"] ?? scaling?.["type"];
  const rows =
    scaling?.["original_max_position_embeddings"] ?? config["original_max_position_embeddings"];
  return kind === "longrope" && typeof rows === "number" ? rows : undefined;
}

interface Asked {
  readonly rules: UnslothRules;
  readonly graph: ModuleGraph;
  readonly model: ModelDescription;
  readonly settings: TrainingSettings;
  /** What the loader was told; undefined where only sequences have a length. */
  readonly maxSeqLength: number | undefined;
  readonly sm: number;
  readonly ratesCopies: boolean;
}

/** What the card is taken to have free where nobody names it. Unit: bytes. Certainty: assumed. */
const FREE_OF_UNKNOWN_CARD = 8 * 2 ** 30;

export function unslothUse(asked: Asked): UnslothUse {
  const { rules, graph, model, settings, maxSeqLength, sm, ratesCopies } = asked;
  const length = maxSeqLength ?? settings.max_length;
  const { modelType } = graph;
  const attention = sitesOf(graph).find(({ node }) => node.forward?.kind === "attention")?.node
    .forward;
  const headDim = attention?.kind === "attention" ? attention.headDim : 0;
  const layers = graph.decoder?.layers ?? 0;
  return {
    ...{ rules, sm, ratesCopies, maxSeqLength: length, freeBytes: FREE_OF_UNKNOWN_CARD },
    attention: settings.attn_implementation === "flash_attention_2" ? "flash" : "xformers",
    tables: ropePairs(
      rules,
      { modelType, layers, headDim },
      positionsFor(model, modelType),
      length,
    ),
  };
}

/** With what the card leaves beside what is loaded, which the fused loss asks for. Unit: bytes. */
export function withFreeBytes(
  training: TrainingSettings,
  device: Pick<Device, "usable" | "otherProcessBytes" | "context"> | undefined,
  loadedBytes: number,
): TrainingSettings {
  const { unsloth } = training;
  if (unsloth === undefined || device === undefined) return training;
  const { usable, otherProcessBytes, context } = device;
  const free = usable - otherProcessBytes - context.bytes - loadedBytes;
  return { ...training, unsloth: { ...unsloth, freeBytes: Math.max(free, LEAST_FREE) } };
}

/** Where nothing is left the loss goes over a few tokens at a time, and the verdict says that it does not fit. */
const LEAST_FREE = 2 ** 26;

/** A whole run, of which the step is asked for. */
export interface WholeRun {
  readonly graph: ModuleGraph;
  /** Undefined for full fine-tuning. */
  readonly plan: AdapterPlan | undefined;
  readonly quantization: Quantization | undefined;
  readonly training: TrainingSettings;
  /** Cards that take part. */
  readonly ranks: number;
  readonly card: AttentionCard;
  readonly rules: WorldRules;
}

/** A sentence that names what of a run under Unsloth has no program, or undefined. */
export function whyNotUnsloth(run: WholeRun): string | undefined {
  const { graph, plan, quantization, training } = run;
  if (training.unsloth === undefined) return undefined;
  const cards = whyNotOnCards(training.unsloth, run.ranks);
  if (cards !== undefined) return cards;
  const { modelType, className, root } = graph;
  if (!OWN_FORWARDS.includes(modelType) || root.forward?.kind !== "causal_lm") {
    return `Unsloth runs ${className} by modules that it compiles out of transformers' own, which have no program here; of the paths that it writes itself those of ${OWN_FORWARDS.join(", ")} are computed`;
  }
  if (plan === undefined)
    return "full fine-tuning under Unsloth goes by modules that it compiles, which have no program here; give an adapter";
  if (quantization?.kind === "8bit")
    return "load_in_8bit under Unsloth goes by modules that it compiles, which have no program here; load_in_4bit has one, and 16 bits";
  if (training.preference !== undefined)
    return "DPO under Unsloth has no program here; method sft has";
  if (training.dtype === "float32")
    return "a float32 base under Unsloth has no program here; leave training.dtype out";
  if ((plan.tokens ?? []).length > 0 || plan.unfrozen.length > 0) {
    return "under Unsloth trained tokens and biases have no program here; LoRA on the projections has, and modules_to_save";
  }
  const copies = whyNotCopies(training.unsloth.rules, plan);
  if (copies !== undefined) return copies;
  const outside = plan.modules.find(({ site }) => !isProjection(site.pattern));
  if (outside === undefined) return undefined;
  return isEmbeddingOrHead(outside)
    ? `Unsloth trains a copy of ${outside.site.node.name} where target_modules names it; name it in modules_to_save`
    : `under Unsloth the adapter on ${outside.site.pattern} has no program here; those on the seven projections of a layer have`;
}

/** Source: unsloth models/llama.py `get_peft_model` ("Only 'lm_head' and 'embed_tokens' is allowed."). */
function whyNotCopies(rules: UnslothRules, { copies }: AdapterPlan): string | undefined {
  if (copies.length === 0) return undefined;
  const other = copies.find((copy) => !isEmbeddingOrHead(copy));
  if (other !== undefined)
    return `Unsloth takes embed_tokens and lm_head alone in modules_to_save, and stops at ${other.site.node.name} (TypeError)`;
  if (rules.widensCopiesOf === undefined)
    return "before 2024.6 trained copies under Unsloth have no program here; take a later release";
  const trainsHead = copies.some(({ site }) => site.node.layer?.kind !== "embedding");
  return trainsHead && rules.loss === "cut"
    ? "the cut cross entropy of Unsloth 2024.12 to 2025.8 has no program here where the head trains; 2025.9 and later have, and 2024.11"
    : undefined;
}

function isEmbeddingOrHead({ site }: { readonly site: Site }): boolean {
  return ["embed_tokens", "lm_head"].includes(site.node.name);
}

/** Source: flash-attn README ("Ampere, Ada, or Hopper GPUs"). */
function whyNotOnCards({ attention, sm }: UnslothUse, ranks: number): string | undefined {
  if (ranks > 1) return "several cards under Unsloth have no program here; one has";
  return attention === "flash" && sm < AMPERE
    ? "flash-attn runs on Ampere cards and later ones; leave training.attn_implementation out, and xformers runs"
    : undefined;
}

/** Compute capability, times ten. */
const AMPERE = 80;

function isProjection(pattern: string): boolean {
  return /\.(?:[qkvo]|gate|up|down)_proj$/.test(pattern);
}
