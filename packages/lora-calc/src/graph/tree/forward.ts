/**
 * How modules compute, in the words of the modelling code: which child does what and in which order. The programs in
 * `memory/modules` run these descriptions; a module without one can be counted but not run.
 */

import type {
  AttentionForward,
  FloatTurnedAttentionForward,
  IndexForward,
  LatentAttentionForward,
  SharingAttentionForward,
  SinusoidalAttentionForward,
  TabledAttentionForward,
  UnmovedAttentionForward,
} from "./attention-forward.js";
import type { AlternatingLayerForward, LaurelForward } from "./alternating-forward.js";
import type {
  CausalLmForward,
  DecoderForward,
  DecoderLayerForward,
  LookingLayerForward,
  MixerLayerForward,
  MlpForward,
  RotaryForward,
  SenseEmbedderForward,
  VisionLanguageForward,
  WithinForward,
} from "./decoder-forward.js";
import type { AlibiForward } from "./alibi-forward.js";
import type { EncoderDecoderForwards } from "./encoder-decoder-forward.js";
import type { EncoderForward } from "./encoder-forward.js";
import type { HeadForward } from "./head-forward.js";
import type {
  AllExpertsMlpForward,
  CorrectedRouterForward,
  ExpertsForward,
  GroupedRouterForward,
  NormedRouterForward,
  RouterForward,
  SharesRouterForward,
  SparseMlpForward,
} from "./expert-forward.js";
import type {
  GatedDeltaNetForward,
  Mamba2Forward,
  MambaForward,
  ShortConvolutionForward,
} from "./recurrent-forward.js";

export type { Activation } from "./activation.js";
export type {
  AlternatingLayerForward,
  AlternatingUpdates,
  InputPerLayer,
  StreamsForward,
} from "./alternating-forward.js";
export type {
  CausalLmForward,
  DecoderForward,
  DecoderLayerForward,
  ExpertsBeside,
  InlineMlp,
  LogitsFactor,
  MlpForward,
  PerLayerInputs,
  RotaryForward,
  VisionLanguageForward,
} from "./decoder-forward.js";
export type { DeltaProjections, GatedDeltaNetForward, Mamba2Forward } from "./recurrent-forward.js";
export type {
  AttendingHeads,
  AttentionForward,
  FloatTurnedAttentionForward,
  IndexForward,
  LatentAttentionForward,
  SharingAttentionForward,
  SinusoidalAttentionForward,
  TabledAttentionForward,
  CutOrder,
  QueryKeyNormPlace,
  RotaryVariant,
} from "./attention-forward.js";
export type {
  AllExpertsMlpForward,
  CorrectedRouterForward,
  ExpertsForward,
  GroupedRouterForward,
  NormedRouterForward,
  RouterForward,
  SharesRouterForward,
  SparseMlpForward,
} from "./expert-forward.js";

/** How an RMSNorm orders scaling and casting; it decides which fp32 copies stay alive. */
export type RmsNormVariant =
  /** `weight * x.to(input_dtype)` (llama, qwen, mistral, …). */
  | "scale_after_cast"
  /** `(weight * x).to(input_dtype)` with the weight in its own dtype (olmo2). */
  | "scale_before_cast"
  /** `(weight.float() * x).to(input_dtype)` (helium). */
  | "scale_in_fp32"
  /** `x * (1 + weight.float())`, cast at the end (gemma). */
  | "unit_offset"
  /** `x * mean ** -0.5` and, where there is a weight, `* weight.float()`, cast at the end (gemma4). */
  | "power_in_fp32"
  /** `x.to(input_dtype) * weight`, the fp32 steps in a function of their own (llama4). */
  | "scaled_last"
  /** The same without a weight. */
  | "unscaled"
  /** `x * rsqrt(mean(x.float() ** 2))`, cast where the weight has 16 bits, `weight * x` (t5). */
  | "copied_variance";

/** LayerNorms that are more than PyTorch's. */
export type LayerNormVariant =
  /** `1 + weight`, in the dtype of autocast (nemotron). */
  | "unit_offset"
  /** Neither weight nor bias, in fp32 (olmo). */
  | "bare_fp32"
  /** Written out in fp32, without bias (cohere). */
  | "by_hand";

/** A tower over patches of an image: (b, channels, height, width) → (b, patches + 1, hidden_size). */
export interface ImageTowerForward {
  readonly kind: "image_tower";
  readonly embeddings: string;
  readonly layers: string;
  readonly finalNorm: string;
}

/** Patches behind a class token, with an embedding of their positions added. */
interface ImageEmbeddingsForward {
  readonly kind: "image_embeddings";
  readonly patches: string;
  /** Parameters of the module. */
  readonly classToken: string;
  readonly positions: string;
  readonly dropout: number;
}

/** Cuts an image into patches, by a convolution whose stride is its kernel. */
interface PatchesForward {
  readonly kind: "patches";
  readonly projection: string;
}

export interface ImageClassifierForward {
  readonly kind: "image_classifier";
  readonly tower: string;
  readonly head: string;
  /** Channels, height and width of an image. */
  readonly image: readonly [number, number, number];
}

export type Forward =
  /** `writtenOut`: `input @ weight.T`, so that autocast casts a view of the weight (falcon). */
  | { readonly kind: "linear"; readonly writtenOut?: true }
  | { readonly kind: "hf_conv1d" }
  | { readonly kind: "embedding"; readonly scaled?: boolean }
  | { readonly kind: "rms_norm"; readonly variant: RmsNormVariant }
  | { readonly kind: "layer_norm"; readonly variant?: LayerNormVariant }
  | RotaryForward
  | AttentionForward
  | LatentAttentionForward
  | IndexForward
  | SharingAttentionForward
  | SinusoidalAttentionForward
  | UnmovedAttentionForward
  | TabledAttentionForward
  | FloatTurnedAttentionForward
  | GatedDeltaNetForward
  | Mamba2Forward
  | MambaForward
  | MlpForward
  | SparseMlpForward
  | AllExpertsMlpForward
  /** A product that is no module's answer alone: what is chosen comes with it (llama4). */
  | { readonly kind: "choosing_linear" }
  /** A product per group of features, into fewer of them than a layer of LoRA gives (deepseek_v4). */
  | { readonly kind: "grouped_linear" }
  | RouterForward
  | GroupedRouterForward
  | SharesRouterForward
  | NormedRouterForward
  | CorrectedRouterForward
  | ShortConvolutionForward
  | ExpertsForward
  | DecoderLayerForward
  | MixerLayerForward
  | LookingLayerForward
  | AlternatingLayerForward
  | LaurelForward
  | SenseEmbedderForward
  | DecoderForward
  | VisionLanguageForward
  | CausalLmForward
  | EncoderForward
  | HeadForward
  | EncoderDecoderForwards
  | AlibiForward
  | { readonly kind: "conv2d" }
  /** Parameters that the module around it uses directly: a convolution over time, a correction of scores. */
  | { readonly kind: "used_by_parent" }
  | WithinForward
  | PatchesForward
  | ImageEmbeddingsForward
  | ImageTowerForward
  | ImageClassifierForward;
