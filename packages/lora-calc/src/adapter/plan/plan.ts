/** What an adapter configuration does to a model: every tensor it adds, copies or unfreezes. */

import type { Warning } from "../../problem/codes.js";
import type { Site } from "../../graph/tree/sites.js";

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
  /** False for what `save_pretrained` leaves out of the file. */
  readonly isSaved?: boolean;
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
  /** It lies inside another copied module: both copies exist, and only the inner one trains. */
  readonly isNested?: boolean;
  /** The copy is the same object as another one and is not counted (`ensure_weight_tying`). */
  readonly tiedToPath?: string;
}

/** Rows of an embedding, or of a head, that are trained while the rest stays frozen (`trainable_token_indices`). */
export interface TrainedTokens {
  readonly site: Site;
  readonly tokens: number;
  /** Values per token. */
  readonly dim: number;
  /** Path of the tied head that runs with the same trained rows. */
  readonly followedBy?: string;
}

/** Existing parameters of the base model that become trainable (`bias`). */
export interface UnfrozenParameter {
  readonly site: Site;
  readonly name: string;
  /** Elements per occurrence. */
  readonly elements: number;
  /** A second name of another one: saved, not counted. */
  readonly isTied?: boolean;
}

export interface AdapterPlan {
  /** PEFT's name of the method: LORA, IA3, … */
  readonly peftType: string;
  readonly modules: readonly AdaptedModule[];
  readonly copies: readonly CopiedModule[];
  readonly unfrozen: readonly UnfrozenParameter[];
  readonly tokens?: readonly TrainedTokens[];
  /** Layers were repeated with shared weights (`layer_replication`). */
  readonly isReplicated?: boolean;
  /** Paths of the modules whose adapter was made to fit the tied embedding's. */
  readonly tiedAdapters?: readonly string[];
  /** Tied modules were asked to be trained together (`ensure_weight_tying`). */
  readonly ensuresTying?: boolean;
  /** Tensors that belong to no module: prompt embeddings, shared banks. */
  readonly modelTensors: readonly AdapterTensor[];
  /** Copies of the whole adapted model, which a name in `modules_to_save` asks for by accident. */
  readonly rootCopies?: number;
  /** Shape of the finished prompt, which is all that prompt methods save of what they train. */
  readonly savedPrompt?: readonly number[];
  /** Frozen modules that are saved with the adapter because an embedding is targeted by name. */
  readonly savedBases?: readonly Site[];
  /** What `get_nb_trainable_parameters()` returns. */
  readonly trainable: number;
  readonly all: number;
  /** What PEFT would warn about, and what the reader should know. */
  readonly warnings: readonly Warning[];
}
