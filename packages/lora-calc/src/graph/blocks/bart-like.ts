/** Layers and stacks that BART and its kin share, Whisper among them. */

import type { Config } from "../../model/config.js";
import type { Activation } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, layerNorm, linear, repeated } from "../tree/vocabulary.js";
import { activation } from "./activation.js";
import { activationModule } from "./mlp.js";

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
}

export function encoderLayers(kind: BartKind, sizes: BartSizes): ModuleNode {
  const { hiddenSize, act } = sizes;
  const layer = container("0", `${kind.prefix}EncoderLayer`, {
    children: [
      attention("self_attn", kind, hiddenSize),
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
    children: [
      attention("self_attn", kind, hiddenSize),
      activationModule("activation_fn", act),
      layerNorm("self_attn_layer_norm", hiddenSize),
      attention("encoder_attn", kind, hiddenSize),
      layerNorm("encoder_attn_layer_norm", hiddenSize),
      ...feedForward(hiddenSize, sizes.decoderWidth),
    ],
  });
  return repeated("layers", sizes.decoderLayers, layer);
}

function attention(name: string, { prefix, keyBias = true }: BartKind, size: number): ModuleNode {
  return container(name, `${prefix}Attention`, {
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
