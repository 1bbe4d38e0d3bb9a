/** How decoders compute: the stack between token ids and the last hidden state, its layers, and what stands around it. */

import type { Activation } from "./activation.js";
import type { InputPerLayer, StreamsForward } from "./alternating-forward.js";

export type MlpForward =
  | {
      readonly kind: "gated_mlp";
      readonly gate: string;
      readonly up: string;
      readonly down: string;
      readonly activation: Activation;
      /** On the output (seed_oss). */
      readonly dropout?: number;
      /** All variables live to the end, and the gate may be cut at a quantile before its activation (gemma3n). */
      readonly keepsParts?: "whole" | "cut";
      /** The gate comes second; both projections and their product keep their variables (qwen). */
      readonly gatesSecond?: boolean;
      /** `down(up(x) * act(gate(x) * a)) * b` (falcon_h1). */
      readonly scales?: boolean;
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
      /** xIELU has parameters: the child is a module with those (apertus). */
      readonly activation: Activation | "xielu";
      /** Child that the activation is. Default: act_fn. */
      readonly activationName?: string;
      readonly dropout?: number;
    };

/** An MLP whose parts are children of the layer; the tokens are flattened before it. */
export type InlineMlp = Extract<MlpForward, { kind: "mlp" }>;

/** A layer that looks at pictures, which a batch of text alone passes by (mllama). */
export interface LookingLayerForward {
  readonly kind: "looking_layer";
}

/** A layer with one mixer: a state space, attention, an MLP or experts; `x + mixer(norm(x))` (nemotron_h). */
export interface MixerLayerForward {
  readonly kind: "mixer_layer";
  readonly norm: string;
  readonly mixer: string;
  /** What is added to is turned to fp32 first, so that the layers hand fp32 on (mamba). */
  readonly wideResidual?: boolean;
}

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
  /** With `parallel`: the MLP's output is added to in place, before dropout; all variables live to the end (falcon). */
  readonly joinsInPlace?: boolean;
  /** With `sharesNorm`: the layer's input is added to the sum of both (phi). */
  readonly addsInputLast?: boolean;
  /** Also what the attention's norm gives keeps its variable (stablelm). */
  readonly keepsNormed?: boolean;
  /** What attention gives keeps its variable; the sum takes that of the norm (llama4). */
  readonly namesAttended?: boolean;
  /** What attention and MLP give keep theirs, and the second norm takes that of the first (qwen). */
  readonly keepsGiven?: boolean;
  /** What attention gives keeps its variable, what the norms give has none (modernbert). */
  readonly keepsAttended?: boolean;
  /** The outputs of attention and MLP have variables of their own, which keep them until the layer returns (gpt2). */
  readonly keepsSublayerOutputs?: boolean;
  /** A mixer that reads what attention reads; both are multiplied by numbers and added (falcon_h1). */
  readonly stateBeside?: string;
  /** `residual + hidden * multiplier` (granite). */
  readonly scaledResidual?: boolean;
  readonly residualDropout?: number;
  /** The scores of attention are returned, too, and kept until the next layer has returned (gpt_neo). */
  readonly returnsScores?: boolean;
  /** With `returnsScores`: what is returned is a choice of tokens, and the next layer gets it (glm_moe_dsa). */
  readonly takesChoice?: boolean;
  /** The norms come behind the sums, of which they take the variable (opt-350m). */
  readonly normsSums?: boolean;
  /** Dropout of a sublayer's output takes its variable, before the sum is formed (vit). */
  readonly dropsBeforeSum?: boolean;
  /** Experts that read what the MLP's norm reads; both are normalised and added (gemma4). */
  readonly expertsBeside?: ExpertsBeside;
  /** Experts that read what the MLP reads; what it gives is added to theirs (granitemoehybrid). */
  readonly expertsFirst?: string;
  /** What a token adds to this layer (gemma4). */
  readonly inputPerLayer?: InputPerLayer;
  /** Buffer that the output is multiplied by, in place (gemma4). */
  readonly scaledBy?: string;
}

/** Children of a layer: `mlpNorm(mlp) + outputNorm(experts(inputNorm(residual)))`. */
export interface ExpertsBeside {
  readonly router: string;
  readonly experts: string;
  readonly mlpNorm: string;
  readonly inputNorm: string;
  readonly outputNorm: string;
}

/** Children of a decoder that make a short vector per token and layer: of a second table, and of the embedding. */
export interface PerLayerInputs {
  readonly table: string;
  readonly projection: string;
  readonly norm: string;
  readonly layers: number;
  /** Buffer that what is projected is multiplied by in place (gemma3n). */
  readonly scaledBy?: string;
  /** Tokens outside the table are replaced before they are looked up (gemma3n). */
  readonly checksTokens?: boolean;
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
  /** Tokens attend to what comes after them, too, by masks that are causal ones opened again (EmbeddingGemma). */
  readonly seesBothWays?: boolean;
  /** A mask is made even where the kernel would need none (falcon). */
  readonly alwaysMasks?: boolean;
  /**
   * The class makes its masks itself: what is causal and what is padding, both in full (internlm2), or padding alone, one number
   * per token, before tokens are looked up (qwen).
   */
  readonly masksByHand?: "in_full" | "of_padding";
  /** Positions are made before tokens are looked up (internlm2). */
  readonly positionsFirst?: boolean;
  /** The class calls torch's checkpoint itself, with arguments and without a word on `use_reentrant`: it is, whatever is asked for (internlm2). */
  readonly checkpointsReentrant?: boolean;
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
  /** Its dropout comes before the rotary tables are made (gptj). */
  readonly dropsBeforeTables?: boolean;
  readonly rotary?: string;
  readonly layers: string;
  readonly finalNorm?: string;
  /** Attention type of every layer when the model mixes them; decides which masks are built. */
  readonly layerTypes?: readonly ("full_attention" | "sliding_attention" | "chunked_attention")[];
  /** Tokens that see one another in layers of chunks (llama4). */
  readonly chunk?: number;
  /** Window of a sliding mask that is made though no layer uses it (qwen2_moe). */
  readonly unusedWindow?: number;
  /** Layers with a state are not given the tables of rotary embeddings (olmo_hybrid). */
  readonly hidesTables?: boolean;
  /** Layers are not told the positions, only what was made of them (qwen2_vl). */
  readonly hidesPositions?: boolean;
  /** No layer attends: neither positions nor masks are made (mamba). */
  readonly attendsNowhere?: boolean;
  readonly perLayerInputs?: PerLayerInputs;
  /** The layers work on several copies of the hidden states (gemma3n). */
  readonly streams?: StreamsForward;
  /** Layers leave keys and values for later ones (gemma4). */
  readonly sharesKeys?: boolean;
}

/** A module that hands its call to a child: a backbone around its decoder (opt), attention around another (gpt_neo). */
export interface WithinForward {
  readonly kind: "within";
  readonly inner: string;
}

/** A language model behind eyes: what a batch of text alone runs of it. */
export interface VisionLanguageForward {
  readonly kind: "vision_language";
  /** The decoder. */
  readonly language: string;
  /** The decoder is given tokens, not their embedding (mllama). */
  readonly embedsInside?: boolean;
  /** Masks are made out here, before the decoder runs (gemma3). */
  readonly makesMasks?: boolean;
  /** Positions are made out here, too; they count from zero (gemma4) or one (paligemma). */
  readonly countsFrom?: 0 | 1;
  /** The tokens of pictures are outside the table: they are replaced in a copy before they are looked up (gemma3). */
  readonly replacesTokens?: boolean;
  /** Of every kind of what is no text, its tokens are looked for, and all are replaced (gemma4). */
  readonly placeholders?: number;
  /** Children that embed the tokens of other senses, which every token passes through before it is chosen (gemma3n). */
  readonly senses?: readonly string[];
}

/** Tokens of another sense in the width of the text: `postNorm(projection(norm(embedding(ids))))` (gemma3n). */
export interface SenseEmbedderForward {
  readonly kind: "sense_embedder";
  readonly embedding: string;
  readonly norm: string;
  readonly projection: string;
  readonly postNorm: string;
}

export interface RotaryForward {
  readonly kind: "rotary";
  /** Rotated dimensions of a head. */
  readonly dim: number;
  /** Each frequency twice, one beside the other (cohere). */
  readonly isInterleaved?: boolean;
  /** They are made at the first call, for twice the tokens and in fp32, and kept (qwen). */
  readonly isKept?: boolean;
  /** Sines and cosines are rows of a buffer, in fp32 or the dtype of the hidden states (gptj). */
  readonly table?: string;
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
  /** Where the types rotate other numbers of dimensions than `dim`. */
  readonly dimOfType?: Readonly<Record<string, number>>;
}

export type LogitsFactor = "by_logit_scale" | "by_class_alone";

export interface CausalLmForward {
  readonly kind: "causal_lm";
  readonly decoder: string;
  readonly head: string;
  /** The logits are divided by a number (granite). */
  readonly scaledLogits?: boolean;
  /** The class turns the logits to fp32 itself (nemotron_h). */
  readonly upcastsLogits?: boolean;
  /** The class turns what its head is given to the dtype of the head (mamba). */
  readonly narrowsHidden?: boolean;
  /** Its loss shifts the logits, which copies them, instead of the labels (internlm2). */
  readonly shiftsLogits?: boolean;
  /** The logits are multiplied by a number: one of the configuration that TRL's losses know (cohere), or one they do not. */
  readonly multipliedLogits?: LogitsFactor;
  /** The name by which its class says where the backbone is finds none: losses that ask for it get the class itself (llama4). */
  readonly hidesBackbone?: string;
  /** tanh cap of the logits (gemma2). */
  readonly softcap?: boolean;
  /** The class does not cap them; TRL's chunked loss does, by the text's configuration (paligemma over gemma2). */
  readonly capsChunks?: boolean;
}
