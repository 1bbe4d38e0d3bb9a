/**
 * How modules compute, in the words of the modelling code: which child does what and in which order. The programs in
 * `memory/modules` run these descriptions; a module without one can be counted but not run.
 */

import type { Activation } from "./activation.js";
import type { AttentionForward, LatentAttentionForward } from "./attention-forward.js";
import type { EncoderForward } from "./encoder-forward.js";
import type {
  CorrectedRouterForward,
  ExpertsForward,
  GroupedRouterForward,
  RouterForward,
  SharesRouterForward,
  SparseMlpForward,
} from "./expert-forward.js";
import type { GatedDeltaNetForward, ShortConvolutionForward } from "./recurrent-forward.js";

export type { Activation } from "./activation.js";
export type { DeltaProjections, GatedDeltaNetForward } from "./recurrent-forward.js";
export type {
  AttendingHeads,
  AttentionForward,
  LatentAttentionForward,
  CutOrder,
  QueryKeyNormPlace,
  RotaryVariant,
} from "./attention-forward.js";
export type {
  CorrectedRouterForward,
  ExpertsForward,
  GroupedRouterForward,
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
  | "unit_offset";

/** LayerNorms that are more than PyTorch's. */
export type LayerNormVariant =
  /** `1 + weight`, in the dtype of autocast (nemotron). */
  | "unit_offset"
  /** Neither weight nor bias, in fp32 (olmo). */
  | "bare_fp32"
  /** Written out in fp32, without bias (cohere). */
  | "by_hand";

export type MlpForward =
  | {
      readonly kind: "gated_mlp";
      readonly gate: string;
      readonly up: string;
      readonly down: string;
      readonly activation: Activation;
      /** On the output (seed_oss). */
      readonly dropout?: number;
    }
  /** Gate and up in one projection whose output is cut in two halves (phi3, glm4). */
  | {
      readonly kind: "fused_gated_mlp";
      readonly gateUp: string;
      readonly down: string;
      readonly activation: Activation;
      /** Both halves keep their variable to the end (granitemoehybrid). */
      readonly keepsHalves?: boolean;
    }
  | {
      readonly kind: "mlp";
      readonly up: string;
      readonly down: string;
      readonly activation: Activation;
      /** Child that the activation is. Default: act_fn. */
      readonly activationName?: string;
      readonly dropout?: number;
    };

/** An MLP whose parts are children of the layer; the tokens are flattened before it. */
export type InlineMlp = Extract<MlpForward, { kind: "mlp" }>;

/** Order of norms, attention, MLP and residual additions in one decoder layer. */
export interface DecoderLayerForward {
  readonly kind: "decoder_layer";
  readonly attention: string;
  /** A module, or one whose parts the layer holds itself (opt). */
  readonly mlp: string | InlineMlp;
  /** Norm of the attention's input; absent in post-norm blocks (olmo2). */
  readonly preAttentionNorm?: string;
  /** Norm of the attention's output, before the residual addition (gemma2, olmo2). */
  readonly postAttentionNorm?: string;
  readonly preMlpNorm?: string;
  readonly postMlpNorm?: string;
  /** Attention and MLP read the same input and are added together (gpt_neox). */
  readonly parallel?: boolean;
  /** With `parallel`: both read one norm of it (phi, cohere). */
  readonly sharesNorm?: boolean;
  /** With `sharesNorm`: the layer's input is added to the sum of both (phi). */
  readonly addsInputLast?: boolean;
  /** Also what the attention's norm gives keeps its variable (stablelm). */
  readonly keepsNormed?: boolean;
  /** The outputs of attention and MLP have variables of their own, which keep them until the layer returns (gpt2). */
  readonly keepsSublayerOutputs?: boolean;
  /** `residual + hidden * multiplier` (granite). */
  readonly scaledResidual?: boolean;
  readonly residualDropout?: number;
  /** The scores of attention are returned, too, and kept until the next layer has returned (gpt_neo). */
  readonly returnsScores?: boolean;
  /** The norms come behind the sums, of which they take the variable (opt-350m). */
  readonly normsSums?: boolean;
  /** Dropout of a sublayer's output takes its variable, before the sum is formed (vit). */
  readonly dropsBeforeSum?: boolean;
}

/** The stack of layers between token ids and the last hidden state. */
export interface DecoderForward {
  readonly kind: "decoder";
  readonly tokenEmbedding: string;
  /** Learned positions that are added to the token embedding (gpt2). */
  readonly positionEmbedding?: string;
  /** First rows of its table that no token has (opt). Default: 0. */
  readonly unusedPositions?: number;
  /** Positions are counted over the attention mask, or over ones without one, and shifted by a number (opt). */
  readonly countsMask?: boolean;
  /** Masks are made before positions are looked up (opt, gpt_neo). */
  readonly masksFirst?: boolean;
  /** The embedding is projected to the width of the layers, and their output back (opt-350m). */
  readonly projectIn?: string;
  readonly projectOut?: string;
  /** The embedding is multiplied by a number after the lookup, in the decoder's forward (granite). */
  readonly scaledEmbedding?: boolean;
  /** It is multiplied when masks and rotary tables are made (gemma under transformers 4). */
  readonly scalesLate?: boolean;
  /** It is multiplied when masks are made, before the rotary tables are (granitemoe). */
  readonly scalesAfterMasks?: boolean;
  readonly embeddingDropout?: number;
  readonly rotary?: string;
  readonly layers: string;
  readonly finalNorm?: string;
  /** Attention type of every layer when the model mixes them; decides which masks are built. */
  readonly layerTypes?: readonly ("full_attention" | "sliding_attention")[];
  /** Window of a sliding mask that is made though no layer uses it (qwen2_moe). */
  readonly unusedWindow?: number;
  /** Layers with a state are not given the tables of rotary embeddings (olmo_hybrid). */
  readonly hidesTables?: boolean;
  /** Layers are not told the positions, only what was made of them (qwen2_vl). */
  readonly hidesPositions?: boolean;
}

/** A module that hands its call to a child: a backbone around its decoder (opt), attention around another (gpt_neo). */
interface WithinForward {
  readonly kind: "within";
  readonly inner: string;
}

/** A language model behind eyes: what a batch of text alone runs of it. */
export interface VisionLanguageForward {
  readonly kind: "vision_language";
  /** The decoder. */
  readonly language: string;
  /** Masks are made out here, before the decoder runs (gemma3). */
  readonly makesMasks?: boolean;
  /** Positions are made out here, too, and count from one (paligemma). */
  readonly countsFromOne?: boolean;
  /** The tokens of pictures are outside the table: they are replaced in a copy before they are looked up (gemma3). */
  readonly replacesTokens?: boolean;
}

export interface RotaryForward {
  readonly kind: "rotary";
  /** Rotated dimensions of a head. */
  readonly dim: number;
  /** Each frequency twice, one beside the other (cohere). */
  readonly isInterleaved?: boolean;
  /** One table of complex numbers (deepseek_v2). */
  readonly isComplex?: boolean;
  /** The tables are as wide as half of `dim` (gpt_oss). */
  readonly isHalved?: boolean;
  /** cos and sin are returned in fp32 instead of the dtype of the hidden states. */
  readonly keepsFp32?: boolean;
  /**
   * Positions in time, height and width: a table of each, whose frequencies are written over those of time (interleaved) or
   * joined from sections of all three (joined). Tables then have a row per sample.
   */
  readonly grid?: "interleaved" | "joined";
  /** One pair of tables per attention type (gemma3). */
  readonly perLayerType?: readonly string[];
}

export interface CausalLmForward {
  readonly kind: "causal_lm";
  readonly decoder: string;
  readonly head: string;
  /** The logits are divided by a number (granite). */
  readonly scaledLogits?: boolean;
  /** The logits are multiplied by a number (cohere). */
  readonly multipliedLogits?: boolean;
  /** tanh cap of the logits (gemma2). */
  readonly softcap?: boolean;
  /** The class does not cap them; TRL's chunked loss does, by the text's configuration (paligemma over gemma2). */
  readonly capsChunks?: boolean;
}

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
  | { readonly kind: "linear" }
  | { readonly kind: "hf_conv1d" }
  | { readonly kind: "embedding"; readonly scaled?: boolean }
  | { readonly kind: "rms_norm"; readonly variant: RmsNormVariant }
  | { readonly kind: "layer_norm"; readonly variant?: LayerNormVariant }
  | RotaryForward
  | AttentionForward
  | LatentAttentionForward
  | GatedDeltaNetForward
  | MlpForward
  | SparseMlpForward
  | RouterForward
  | GroupedRouterForward
  | SharesRouterForward
  | CorrectedRouterForward
  | ShortConvolutionForward
  | ExpertsForward
  | DecoderLayerForward
  | DecoderForward
  | VisionLanguageForward
  | CausalLmForward
  | EncoderForward
  | { readonly kind: "conv2d" }
  /** Parameters that the module around it uses directly: a convolution over time, a correction of scores. */
  | { readonly kind: "used_by_parent" }
  | WithinForward
  | PatchesForward
  | ImageEmbeddingsForward
  | ImageTowerForward
  | ImageClassifierForward;
