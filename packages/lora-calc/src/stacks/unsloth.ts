/**
 * Releases of Unsloth, and what each of them does with memory. Each row names what changed since the one before.
 *
 * Sources, by commit of unslothai/unsloth unless they are of unsloth_zoo: expandable segments c599ae0 (2024-03-17); offloaded
 * checkpoints 920f0ae (2024-04-06); rope tables of at most 32,768 rows 54dd81d (2024-07-18); Gemma's norm 263eaaa (2024-11-16);
 * cut cross entropy fa8e59e (2024-11-17), above 1,024 tokens b9fe258 (2024-12-10); allocator roundup ddf118a, 63782ea;
 * weight buffers 144190b, 6485cbb; products in place 4f16602 (2025-03-01); smart checkpoints 3e5f061 (2025-03-04), from the first
 * pass on zoo df5fe40 (2025-11-24), with two buffers zoo 510d987 (2026-05-03); fused loss 806bee2 (2025-08-13), always 0528b4c
 * (2025-10-26), its target zoo 770de25 and d9fe1f4 (2026-07-06), its gradients zoo 2a4e2a8, 46d587c (2026-04-23); originals of trained
 * copies on the disk 72b19da (2024-05-22), the copies' dtypes c58dc70 (2024-10-26).
 */

import type { JsonObject } from "../problem/fields.js";
import type { Dtype } from "../units/dtype.js";

/** Which layers hold tables of sines and cosines, and how long they are at most. */
type RopeTables = "layer_full" | "layer" | "layer_and_llama" | "layer_and_models" | "shared";

export interface UnslothRules {
  /** The update of an adapter is added to the product where it lies; before, by way of a second product. */
  readonly loraInPlace: boolean;
  /** Weights of a forward product are unpacked into one buffer for all; before, into a new tensor each. */
  readonly weightBuffer: boolean;
  /** Inputs of layers go to the host: copied each for itself, or by a shared buffer on the card. */
  readonly checkpoint: "offload" | "smart";
  /** Smart checkpoints go to the host in the first forward, too. */
  readonly offloadsFirstPass: boolean;
  readonly doubleBuffer: boolean;
  readonly loss: "full" | "cut" | "fused";
  /** Batches of at most 1,024 tokens make logits of all of them. */
  readonly makesShortLogits: boolean;
  /** Logits in fp32 that the fused loss aims at for a chunk. Unit: bytes. */
  readonly fusedTarget: number | "half_free";
  readonly fusedTargetAtMost?: number;
  readonly roundsChunksUp: boolean;
  readonly rope: RopeTables;
  /** The backward of Gemma's norm writes a new tensor. */
  readonly copiesNormGradient: boolean;
  /** What trained copies of embeddings and head become float32 from; undefined where they have no program. */
  readonly widensCopiesOf?: readonly Dtype[];
  /** The fused loss multiplies its gradients into new tensors before it gives them on. */
  readonly scalesLossGradients: boolean;
  /** Unsloth sets `expandable_segments:True`. */
  readonly expandable: boolean;
  /** `roundup_power2_divisions` of the allocator; empty without. */
  readonly roundup: string;
}

const GIB = 2 ** 30;
const ROUNDUP = "[32:256,64:128,256:64,>:32]";

const JANUARY_2024: UnslothRules = {
  loraInPlace: false,
  weightBuffer: false,
  checkpoint: "offload",
  offloadsFirstPass: false,
  doubleBuffer: false,
  loss: "full",
  makesShortLogits: true,
  fusedTarget: GIB,
  roundsChunksUp: false,
  rope: "layer_full",
  copiesNormGradient: false,
  scalesLossGradients: false,
  expandable: false,
  roundup: "",
};
const APRIL_2024 = { ...JANUARY_2024, expandable: true };
const MAY_2024: UnslothRules = { ...APRIL_2024, widensCopiesOf: ["bfloat16", "float16"] };
const JULY_2024: UnslothRules = { ...MAY_2024, rope: "layer" };
const AUGUST_2024: UnslothRules = { ...JULY_2024, rope: "layer_and_llama" };
const NOVEMBER_2024: UnslothRules = {
  ...AUGUST_2024,
  rope: "layer_and_models",
  widensCopiesOf: ["float16"],
};
const JANUARY_2025: UnslothRules = {
  ...NOVEMBER_2024,
  loss: "cut",
  copiesNormGradient: true,
  roundup: ROUNDUP,
};
const MARCH_2025: UnslothRules = {
  ...JANUARY_2025,
  loraInPlace: true,
  weightBuffer: true,
  checkpoint: "smart",
  rope: "shared",
};
const SEPTEMBER_2025: UnslothRules = { ...MARCH_2025, loss: "fused" };
const NOVEMBER_2025: UnslothRules = {
  ...SEPTEMBER_2025,
  makesShortLogits: false,
  fusedTarget: "half_free",
};
const DECEMBER_2025: UnslothRules = { ...NOVEMBER_2025, offloadsFirstPass: true };
/** torch 2.10 and later get no roundup. */
const MAY_2026: UnslothRules = {
  ...DECEMBER_2025,
  doubleBuffer: true,
  scalesLossGradients: true,
  roundup: "",
};
const JULY_2026: UnslothRules = { ...MAY_2026, fusedTargetAtMost: 4 * GIB, roundsChunksUp: true };

/** The usual first. */
const RELEASES = {
  "2026.8": JULY_2026,
  "2026.7": JULY_2026,
  "2026.6": MAY_2026,
  "2026.5": MAY_2026,
  "2026.4": DECEMBER_2025,
  "2026.3": DECEMBER_2025,
  "2026.2": DECEMBER_2025,
  "2026.1": DECEMBER_2025,
  "2025.12": DECEMBER_2025,
  "2025.11": NOVEMBER_2025,
  "2025.10": SEPTEMBER_2025,
  "2025.9": SEPTEMBER_2025,
  "2025.8": MARCH_2025,
  "2025.7": MARCH_2025,
  "2025.6": MARCH_2025,
  "2025.5": MARCH_2025,
  "2025.4": MARCH_2025,
  "2025.3": MARCH_2025,
  "2025.1": JANUARY_2025,
  "2024.12": JANUARY_2025,
  "2024.11": NOVEMBER_2024,
  "2024.10": AUGUST_2024,
  "2024.9": AUGUST_2024,
  "2024.8": AUGUST_2024,
  "2024.7": JULY_2024,
  "2024.6": MAY_2024,
  "2024.5": APRIL_2024,
  "2024.4": APRIL_2024,
  "2024.1": JANUARY_2024,
} as const satisfies Readonly<Record<string, UnslothRules>>;

export type UnslothRelease = keyof typeof RELEASES;

/** Releases that are computed, the newest first. */
export const UNSLOTH_RELEASES = Object.keys(RELEASES) as readonly UnslothRelease[];

/** Example: unslothRules("2024.5").loss // "full" */
export function unslothRules(release: UnslothRelease): UnslothRules {
  return RELEASES[release];
}

/** Types whose forwards Unsloth writes itself in a way that is compared here; it compiles those of most others. */
export const OWN_FORWARDS: readonly string[] = ["llama", "mistral", "qwen2", "qwen3", "gemma"];

/**
 * A configuration in the form that Unsloth publishes the model in: of Phi-3, 3.5 and 4 the projections cut apart, as Llama's.
 * Undefined where it leaves the form alone (phi-4-mini, whose heads are turned in part).
 *
 * Source: unsloth/Phi-3.5-mini-instruct, unsloth/phi-4 config.json (`LlamaForCausalLM`).
 */
export function llamaForm(config: JsonObject): JsonObject | undefined {
  const { model_type: type, partial_rotary_factor: turned = 1 } = config;
  if (type !== "phi3" || turned !== 1) return undefined;
  const kept = Object.entries(config).filter(([name]) => !OF_PHI.includes(name));
  return { max_position_embeddings: 4096, ...Object.fromEntries(kept), model_type: "llama" };
}

/** What Llama's class has no use for. */
const OF_PHI: readonly string[] = ["architectures", "sliding_window", "partial_rotary_factor"];

/** From 2025.3 on Unsloth writes defaults of its own into TRL's configurations. Source: unsloth models/rl.py `replacements`. */
export function hasOwnDefaults(release: UnslothRelease): boolean {
  return !release.startsWith("2024.") && release !== "2025.1";
}

/** Programs and dtypes that Unsloth decides by itself. */
const DECIDED: readonly string[] = [
  ...["loss", "loss_type", "attn_implementation", "dtype", "adapter_dtype", "model_init_kwargs"],
  ...["prepare_kbit", "use_reentrant", "selective_checkpointing", "padding", "loop"],
  ...["gradient_checkpointing_kwargs", "activation_checkpointing_kwargs"],
  ...["use_liger_kernel", "liger_kernel_config", "bf16", "fp16"],
];

/** What of `training` as it is given for another trainer has no place under Unsloth, taken out. Example: leftBehind({ loss: "nll" }) // { loss: null } */
export function leftBehind(given: JsonObject): JsonObject {
  const names = DECIDED.filter((name) => (given[name] ?? null) !== null);
  return Object.fromEntries(names.map((name) => [name, null]));
}

/** Types whose classes it writes itself, compared or not; the rest keep PEFT's meaning of a target. Source: unsloth 2026.8 models/loader.py. */
export const OWN_CLASSES: readonly string[] = [...OWN_FORWARDS, "gemma2"];

/** Types whose experts it loads as layers, one by one, or under other names. Source: unsloth 2026.8 models/_utils.py. */
export const SPLIT_EXPERTS: readonly string[] = ["gpt_oss", "gemma4"];

/** What its loaders adapt where nothing is said. Source: unsloth 2026.8 models/llama.py, models/sentence_transformer.py `get_peft_model`. */
export const USUAL_TARGETS = {
  language: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
  sentence: ["query", "key", "value", "dense"],
} as const;
