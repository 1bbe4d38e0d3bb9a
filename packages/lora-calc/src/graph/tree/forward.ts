/**
 * How modules compute, in the words of the modelling code: which child does what and in which order. The programs in
 * `memory/modules` run these descriptions; a module without one can be counted but not run.
 */

export type Activation = "silu" | "gelu" | "gelu_tanh" | "gelu_new" | "relu" | "relu2";

/** How an RMSNorm orders scaling and casting; it decides which fp32 copies stay alive. */
export type RmsNormVariant =
  /** `weight * x.to(input_dtype)` (llama, qwen, mistral, …). */
  | "scale_after_cast"
  /** `(weight * x).to(input_dtype)` with the weight in its own dtype (olmo2). */
  | "scale_before_cast"
  /** `x * (1 + weight.float())`, cast at the end (gemma). */
  | "unit_offset";

/** How rotary position embeddings are applied to queries and keys. */
export type RotaryVariant =
  /** cos and sin in the model's dtype, all dimensions of a head (llama). */
  | "full"
  /** cos and sin stay fp32, the result is cast back (olmo2). */
  | "full_fp32"
  /** Only the first dimensions of a head; queries and keys are both turned before they are joined again (gpt_neox). */
  | "partial"
  /** The same, with each joined as soon as it is turned (phi3). */
  | "partial_inline"
  /** Neighbours make a pair; tables are interleaved in every layer; the first dimensions of a head (glm, glm4). */
  | "partial_pairs"
  /** The same for all dimensions, in fp32 (ernie4_5). */
  | "full_pairs_fp32"
  /** Each half of a head is turned for itself, with tables as wide as a half (gpt_oss). */
  | "halves";

/** Which child modules make queries, keys and values. */
type Projections =
  | {
      readonly kind: "separate";
      readonly query: string;
      readonly key: string;
      readonly value: string;
    }
  /** One projection, `split` along the features: all queries, all keys, all values (gpt2). */
  | { readonly kind: "fused_split"; readonly fused: string }
  /** The same cut by slices, whose gradients are padded one by one (phi3). */
  | { readonly kind: "fused_slices"; readonly fused: string }
  /** One projection viewed as (heads, 3·head_dim) and cut inside each head (gpt_neox). */
  | { readonly kind: "fused_per_head"; readonly fused: string };

/**
 * Where queries and keys are normalised: the whole projection (olmo2), each head before the heads are moved to the front
 * (qwen3), or each head after that (gemma3).
 */
export type QueryKeyNormPlace = "projection" | "head" | "head_transposed";

export interface AttentionForward {
  readonly kind: "attention";
  /** Every position sees every other. */
  readonly isBidirectional?: boolean;
  readonly projections: Projections;
  readonly output: string;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly queryKeyNorm?: {
    readonly on: QueryKeyNormPlace;
    readonly query: string;
    readonly key: string;
  };
  readonly rotary?: RotaryVariant;
  /** Rotated dimensions of a head when `rotary` is partial. */
  readonly rotaryDim?: number;
  /** Turned queries are multiplied by a factor per position (ministral3). */
  readonly scalesByPosition?: boolean;
  /** Window of a sliding-attention layer, in tokens. */
  readonly slidingWindow?: number;
  /** Parameter (heads,) that takes a share of every softmax; only an eager kernel knows it (gpt_oss). */
  readonly sinks?: string;
  /** The scores are capped by tanh (only the eager kernel does it); false in a class that could, and is configured not to. */
  readonly softcap?: boolean;
  /** The eager kernel's softmax runs in the dtype of the scores instead of fp32, unless autocast widens it (gpt2). */
  readonly softmaxInScoreDtype?: boolean;
  readonly attentionDropout: number;
  readonly outputDropout?: number;
}

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
    }
  | {
      readonly kind: "mlp";
      readonly up: string;
      readonly down: string;
      readonly activation: Activation;
      readonly dropout?: number;
    };

/** Experts that a router chooses per token, and perhaps one that every token sees. */
export interface SparseMlpForward {
  readonly kind: "sparse_mlp";
  readonly router: string;
  readonly experts: string;
  /** `sigmoid(gate(x)) * mlp(x)`, added to what the experts give (qwen2_moe). */
  readonly shared?: { readonly mlp: string; readonly gate: string };
  /** The weights of the choice are returned, too, into the variable that held the attention's scores (gpt_oss). */
  readonly returnsWeights?: boolean;
}

/** A score per expert, of which the largest are taken. */
export interface RouterForward {
  readonly kind: "router";
  readonly chosen: number;
  /** The softmax comes behind the choice, in the dtype of the scores (gpt_oss); otherwise before it, in fp32. */
  readonly softmaxLast?: boolean;
  /** What is taken is divided by its sum, in place. */
  readonly normalizes: boolean;
  /** The scores stay fp32 (mixtral); otherwise they are cast back. */
  readonly keepsFp32?: boolean;
}

/** All experts at once: tokens in the order of their experts, one grouped product per parameter. */
export interface ExpertsForward {
  readonly kind: "experts";
  readonly gateUp: string;
  readonly down: string;
  /** `clamped_swiglu` cuts gate and up out of one another, clamps both and takes `(up + 1) · gate · sigmoid(gate)`. */
  readonly activation: Activation | "clamped_swiglu";
  /** Biases per expert, under the names of the weights with `_bias` behind. */
  readonly biased?: boolean;
}

/** Order of norms, attention, MLP and residual additions in one decoder layer. */
export interface DecoderLayerForward {
  readonly kind: "decoder_layer";
  readonly attention: string;
  readonly mlp: string;
  /** Norm of the attention's input; absent in post-norm blocks (olmo2). */
  readonly preAttentionNorm?: string;
  /** Norm of the attention's output, before the residual addition (gemma2, olmo2). */
  readonly postAttentionNorm?: string;
  readonly preMlpNorm?: string;
  readonly postMlpNorm?: string;
  /** Attention and MLP read the same input and are added together (gpt_neox). */
  readonly parallel?: boolean;
  /** The outputs of attention and MLP have variables of their own, which keep them until the layer returns (gpt2). */
  readonly keepsSublayerOutputs?: boolean;
  /** `residual + hidden * multiplier` (granite). */
  readonly scaledResidual?: boolean;
  readonly residualDropout?: number;
  /** Dropout of a sublayer's output takes its variable, before the sum is formed (vit). */
  readonly dropsBeforeSum?: boolean;
}

/** The stack of layers between token ids and the last hidden state. */
export interface DecoderForward {
  readonly kind: "decoder";
  readonly tokenEmbedding: string;
  /** Learned positions that are added to the token embedding (gpt2). */
  readonly positionEmbedding?: string;
  /** The embedding is multiplied by a number after the lookup, in the decoder's forward (granite). */
  readonly scaledEmbedding?: boolean;
  /** It is multiplied when masks and rotary tables are made (gemma under transformers 4). */
  readonly scalesLate?: boolean;
  readonly embeddingDropout?: number;
  readonly rotary?: string;
  readonly layers: string;
  readonly finalNorm?: string;
  /** Attention type of every layer when the model mixes them; decides which masks are built. */
  readonly layerTypes?: readonly ("full_attention" | "sliding_attention")[];
  /** Window of a sliding mask that is made though no layer uses it (qwen2_moe). */
  readonly unusedWindow?: number;
}

/** A language model behind eyes: what a batch of text alone runs of it. */
export interface VisionLanguageForward {
  readonly kind: "vision_language";
  /** The decoder. */
  readonly language: string;
  /** Masks are made out here, before the decoder runs (gemma3). */
  readonly makesMasks?: boolean;
  /** The tokens of pictures are outside the table: they are replaced in a copy before they are looked up (gemma3). */
  readonly replacesTokens?: boolean;
}

export interface RotaryForward {
  readonly kind: "rotary";
  /** Rotated dimensions of a head. */
  readonly dim: number;
  /** The tables are as wide as half of `dim` (gpt_oss). */
  readonly isHalved?: boolean;
  /** cos and sin are returned in fp32 instead of the dtype of the hidden states. */
  readonly keepsFp32?: boolean;
  /** One pair of tables per attention type (gemma3). */
  readonly perLayerType?: readonly string[];
}

export interface CausalLmForward {
  readonly kind: "causal_lm";
  readonly decoder: string;
  readonly head: string;
  /** The logits are divided by a number (granite). */
  readonly scaledLogits?: boolean;
  /** tanh cap of the logits (gemma2). */
  readonly softcap?: boolean;
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
  | { readonly kind: "layer_norm" }
  | RotaryForward
  | AttentionForward
  | MlpForward
  | SparseMlpForward
  | RouterForward
  | ExpertsForward
  | DecoderLayerForward
  | DecoderForward
  | VisionLanguageForward
  | CausalLmForward
  | { readonly kind: "conv2d" }
  | PatchesForward
  | ImageEmbeddingsForward
  | ImageTowerForward
  | ImageClassifierForward;
