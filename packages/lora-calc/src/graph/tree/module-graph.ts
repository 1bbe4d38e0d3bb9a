/**
 * The tree that `model.named_modules()` gives in transformers, as plain data.
 *
 * Equal elements of a ModuleList share one node with the list of their indices, so a model of 80 equal layers costs one
 * layer. `sites.ts` lists them with their paths.
 */

import type { Dtype } from "../../units/dtype.js";
import type { Forward } from "./forward.js";

/** One `nn.Parameter` registered on a module itself. */
export interface Parameter {
  readonly name: string;
  /** As PyTorch prints it: a Linear weight is (out_features, in_features). */
  readonly shape: readonly number[];
  /** Full path of the parameter that is the same object, when this is the second name of a tied weight. */
  readonly tiedTo?: string;
  /** The class declares it as tied, and its checkpoint keeps it apart. */
  readonly isDeclaredTied?: true;
  /** Dtype that the class keeps whatever dtype the model is loaded in. */
  readonly dtype?: Dtype;
  /** The class makes it without a gradient: full fine-tuning leaves it as it is. */
  readonly isFrozen?: true;
}

/** One buffer: takes memory, is never counted as a parameter. */
export interface Buffer {
  readonly name: string;
  readonly shape: readonly number[];
  /** `model` is the dtype the model is loaded in. */
  readonly dtype: Dtype | "model";
  /** Saved with the weights. */
  readonly isPersistent?: boolean;
}

/** What PEFT's `isinstance` checks can see in a module, with the dimensions that adapter formulas need. */
export type Layer =
  | { readonly kind: "linear"; readonly inFeatures: number; readonly outFeatures: number }
  /** transformers' Conv1D of GPT-2: a linear whose weight is stored (in_features, out_features). */
  | { readonly kind: "hf_conv1d"; readonly inFeatures: number; readonly outFeatures: number }
  | { readonly kind: "embedding"; readonly rows: number; readonly dim: number }
  | {
      readonly kind: "conv1d" | "conv2d" | "conv3d";
      readonly inChannels: number;
      readonly outChannels: number;
      readonly kernel: readonly number[];
      readonly groups: number;
      readonly dilation?: number;
    }
  /** `nn.MultiheadAttention` with equal query, key and value widths. */
  | { readonly kind: "multihead_attention"; readonly embedDim: number }
  | { readonly kind: "module_list" };

export interface ModuleNode {
  /** Path component inside the parent; the root has "". */
  readonly name: string;
  /** Class name in transformers or torch.nn. */
  readonly type: string;
  /** Base classes that matter to PEFT when `type` itself does not say it, and dimensions. */
  readonly layer?: Layer;
  /** How the module computes its output, when the memory engine knows it. */
  readonly forward?: Forward;
  readonly parameters: readonly Parameter[];
  readonly buffers: readonly Buffer[];
  readonly children: readonly Child[];
  /** `is_transposed` of fused experts: their 3-D weights are stored (experts, in, out). */
  readonly isTransposed?: boolean;
}

/** Elements of a ModuleList that are equal in everything but their index. */
export interface Repeat {
  readonly indices: readonly number[];
  readonly element: ModuleNode;
}

export type Child = ModuleNode | Repeat;

export function isRepeat(child: Child): child is Repeat {
  return "indices" in child;
}

/** Sizes by which PEFT shapes prompts. */
export interface DecoderSizes {
  readonly layers: number;
  readonly hiddenSize: number;
  /** Width of the keys, and of the values, of one layer. */
  readonly keyValueSize: number;
  /** Fields of a prompt that PEFT does not find in the configuration, so that they have to be given. */
  readonly notFound?: readonly string[];
  /** No table of the backbone has vocab_size rows, by which PEFT knows the word embedding. */
  readonly hidesEmbedding?: boolean;
  /** Nothing is read but pixels. */
  readonly hasNoVocabulary?: boolean;
}

/** A model, ready for counting, adapting and running. */
export interface ModuleGraph {
  readonly modelType: string;
  /** Class name of the whole model, for example `LlamaForCausalLM`. */
  readonly className: string;
  readonly root: ModuleNode;
  /** Path of `get_input_embeddings()`, if the class has one. */
  readonly inputEmbedding?: string;
  /** Path of `get_output_embeddings()`, if the class has one. */
  readonly outputEmbedding?: string;
  /** Class of transformers per task of PEFT (`SEQ_CLS`), for the tasks this model_type has one for. */
  readonly classOfTask?: Readonly<Record<string, string>>;
  readonly decoder?: DecoderSizes;
  /** Parameters that the class declares as one; a checkpoint may keep the output embedding apart (`isDeclaredTied`). */
  readonly tied: readonly (readonly string[])[];
  /** Published checkpoints of this configuration hold an own output embedding, though the class ties it. */
  readonly storesOwnHead?: boolean;
  /** Last names of modules whose mathematics methods like LoRA would break: PEFT refuses them. */
  readonly incompatibleNames?: readonly string[];
  /** Names of modules that transformers does not quantize (`_keep_in_fp32_modules`): beginnings or ends of paths. */
  readonly neverQuantized?: readonly string[];
  /** The class makes its parameters in this dtype, whatever is asked for; what is quantized on load goes its own way (qwen). */
  readonly castsItself?: "bfloat16" | "float16";
  /** A sentence on what its forward pass stops at, whatever is trained, or what has none here and what has. */
  readonly stops?: string;
  /** The class itself does not say that it ties weights, the model inside it does; PEFT does not see them. */
  readonly hidesTies?: boolean;
}
