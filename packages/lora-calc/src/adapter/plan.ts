/** What an adapter configuration does to a model: every tensor it adds, copies or unfreezes. */

import type { Site } from "../graph/sites.js";

/** One tensor that the adapter adds to one module. */
export interface AdapterTensor {
  /** Name inside the module as PEFT registers it, adapter name included: `lora_A.default.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** False for parameters PEFT keeps frozen (AdaLoRA's `ranknum`, MiCA's B); they count in `all` only. */
  readonly trainable: boolean;
  /** Counted once for the whole model although every module sees it (VB-LoRA's vector bank). */
  readonly shared?: boolean;
  /** Buffers take memory and are not counted at all (VeRA's projections). */
  readonly isBuffer?: boolean;
}

/** LoRA's settings for one module after rank and alpha patterns. */
export interface LoraSettings {
  readonly rank: number;
  readonly alpha: number;
  /** alpha / rank, or alpha / sqrt(rank) with rsLoRA. */
  readonly scaling: number;
  readonly dropout: number;
  readonly useDora: boolean;
}

/** One adapted module, or the same one in every repeated layer. */
export interface AdaptedModule {
  readonly site: Site;
  /** Set when the adapter sits on a parameter instead of the module (`target_parameters`). */
  readonly parameterName?: string;
  readonly tensors: readonly AdapterTensor[];
  readonly lora?: LoraSettings;
}

/** A module of which a fully trained copy is made (`modules_to_save`); the original stays, frozen. */
export interface CopiedModule {
  readonly site: Site;
  /** Parameters of the copy, per occurrence. */
  readonly parameterCount: number;
  /** The copy is the same object as another one and is not counted (`ensure_weight_tying`). */
  readonly tiedToPath?: string;
}

/** Existing parameters of the base model that become trainable (`bias`). */
export interface UnfrozenParameter {
  readonly site: Site;
  readonly name: string;
  /** Elements per occurrence. */
  readonly elements: number;
}

export interface AdapterPlan {
  /** PEFT's name of the method: LORA, IA3, … */
  readonly peftType: string;
  readonly modules: readonly AdaptedModule[];
  readonly copies: readonly CopiedModule[];
  readonly unfrozen: readonly UnfrozenParameter[];
  /** Tensors that belong to no module: prompt embeddings, shared banks. */
  readonly modelTensors: readonly AdapterTensor[];
  /** What `get_nb_trainable_parameters()` returns. */
  readonly trainable: number;
  readonly all: number;
  /** What PEFT would warn about, and what the reader should know. */
  readonly warnings: readonly string[];
}
