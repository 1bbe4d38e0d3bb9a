/** Layers and stacks that BART and its kin share, Whisper among them. */

import type { Config } from "../../model/config.js";
import type { PairedLayerForward } from "../tree/encoder-decoder-forward.js";
import type { Activation, AttentionForward } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, layerNorm, linear, repeated } from "../tree/vocabulary.js";
import { activation } from "./activation.js";
import { activationModule } from "./mlp.js";

/** How layers compute, beside their sizes. */
export interface BartProgram {
  readonly normsFirst: boolean;
  readonly heads: readonly [encoder: number, decoder: number];
  readonly dropout: number;
  readonly attentionDropout: number;
  readonly activationDropout: number;
}

export function readBartProgram(config: Config, normsFirst: boolean): BartProgram {
  return {
    normsFirst,
    heads: [config.size("encoder_attention_heads", 16), config.size("decoder_attention_heads", 16)],
    dropout: config.number("dropout", 0.1),
    attentionDropout: config.number("attention_dropout", 0),
    activationDropout: config.number("activation_dropout", 0),
  };
}

export interface BartSizes {
  readonly hiddenSize: number;
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  readonly encoderWidth: number;
  readonly decoderWidth: number;
  readonly act: Activation;
}

export interface BartDefaults {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly innerSize: number;
  readonly activation: string;
}

export function readBartSizes(config: Config, defaults: BartDefaults): BartSizes {
  return {
    hiddenSize: config.size(["d_model", "hidden_size"], defaults.hiddenSize),
    encoderLayers: config.layerCount(["encoder_layers", "num_hidden_layers"], defaults.layers),
    decoderLayers: config.layerCount("decoder_layers", defaults.layers),
    encoderWidth: config.size("encoder_ffn_dim", defaults.innerSize),
    decoderWidth: config.size("decoder_ffn_dim", defaults.innerSize),
    act: activation(config, "activation_function", defaults.activation),
  };
}

export interface BartKind {
  readonly prefix: string;
  /** Whisper's keys have no bias. */
  readonly keyBias?: boolean;
  /** Undefined where layers are counted only. */
  readonly program?: BartProgram;
}

export function encoderLayers(kind: BartKind, sizes: BartSizes): ModuleNode {
  const { hiddenSize, act } = sizes;
  const layer = container("0", `${kind.prefix}EncoderLayer`, {
    ...layerForward(kind, act, false),
    children: [
      attention("self_attn", kind, hiddenSize, "encoder"),
      layerNorm("self_attn_layer_norm", hiddenSize),
      activationModule("activation_fn", act),
      ...feedForward(hiddenSize, sizes.encoderWidth),
    ],
  });
  return repeated("layers", sizes.encoderLayers, layer);
}

export function decoderLayers(kind: BartKind, sizes: BartSizes): ModuleNode {
  const { hiddenSize, act } = sizes;
  const layer = container("0", `${kind.prefix}DecoderLayer`, {
    ...layerForward(kind, act, true),
    children: [
      attention("self_attn", kind, hiddenSize, "decoder"),
      activationModule("activation_fn", act),
      layerNorm("self_attn_layer_norm", hiddenSize),
      attention("encoder_attn", kind, hiddenSize, "cross"),
      layerNorm("encoder_attn_layer_norm", hiddenSize),
      ...feedForward(hiddenSize, sizes.decoderWidth),
    ],
  });
  return repeated("layers", sizes.decoderLayers, layer);
}

function layerForward(
  { program }: BartKind,
  activation: Activation,
  isDecoder: boolean,
): { readonly forward?: PairedLayerForward } {
  if (program === undefined) return {};
  const { normsFirst, dropout, activationDropout } = program;
  return {
    forward: {
      ...{ kind: "paired_layer", normsFirst, dropout, activationDropout, activation },
      ...{ attention: "self_attn", attentionNorm: "self_attn_layer_norm" },
      ...(isDecoder
        ? { crossAttention: "encoder_attn", crossNorm: "encoder_attn_layer_norm" }
        : {}),
      ...{ up: "fc1", down: "fc2", mlpNorm: "final_layer_norm", activationName: "activation_fn" },
    },
  };
}

function attentionForward(
  { program }: BartKind,
  size: number,
  place: "encoder" | "decoder" | "cross",
): { readonly forward?: AttentionForward } {
  if (program === undefined) return {};
  const heads = program.heads[place === "encoder" ? 0 : 1];
  return {
    forward: {
      kind: "attention",
      projections: {
        ...{ kind: "separate", query: "q_proj", key: "k_proj", value: "v_proj" },
        cuts: "query_apart",
      },
      ...{ output: "out_proj", heads, keyValueHeads: heads, headDim: size / heads },
      attentionDropout: program.attentionDropout,
      ...(place === "decoder" ? {} : { isBidirectional: true }),
    },
  };
}

function attention(
  name: string,
  kind: BartKind,
  size: number,
  place: "encoder" | "decoder" | "cross",
): ModuleNode {
  const { prefix, keyBias = true } = kind;
  return container(name, `${prefix}Attention`, {
    ...attentionForward(kind, size, place),
    children: [
      linear("k_proj", size, size, { bias: keyBias }),
      ...["v_proj", "q_proj", "out_proj"].map((projection) =>
        linear(projection, size, size, { bias: true }),
      ),
    ],
  });
}

function feedForward(hiddenSize: number, width: number): readonly ModuleNode[] {
  return [
    linear("fc1", hiddenSize, width, { bias: true }),
    linear("fc2", width, hiddenSize, { bias: true }),
    layerNorm("final_layer_norm", hiddenSize),
  ];
}
