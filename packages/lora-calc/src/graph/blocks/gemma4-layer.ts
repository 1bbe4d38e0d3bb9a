/** A layer of Gemma 4's language model: wider heads where attention is full, perhaps experts beside the MLP, perhaps an input of its own. */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import type { Activation, DecoderLayerForward, SharingAttentionForward } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, linear, persistentBuffer, rmsNorm } from "../tree/vocabulary.js";
import { activation } from "./activation.js";
import { fusedExperts } from "./experts.js";
import { activationModule, gatedMlp } from "./mlp.js";
import { BOTH_NORMS } from "./norm-positions.js";

export interface Gemma4Sizes {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly layers: number;
  /** Width of the vector that each token adds to each layer; 0 = none. */
  readonly perLayerWidth: number;
  /** Experts stand beside the MLP. */
  readonly hasExperts: boolean;
  /** Index of the first layer that uses the keys and values of an earlier one. */
  readonly firstShared: number;
}

export interface Gemma4LayerKind {
  readonly isFull: boolean;
  /** It uses keys and values of an earlier layer of its kind. */
  readonly sharesKeys: boolean;
  /** It is the last of its kind that makes them, and leaves them for the others. */
  readonly leavesKeys: boolean;
  readonly window: number | undefined;
}

export function gemma4Norm(name: string, size: number): ModuleNode {
  return rmsNorm(name, "Gemma4RMSNorm", size, "power_in_fp32");
}

/** The same without a weight. */
function bareNorm(name: string): ModuleNode {
  return container(name, "Gemma4RMSNorm", {
    forward: { kind: "rms_norm", variant: "power_in_fp32" },
  });
}

export function headDimOf(config: Config, isFull: boolean): number {
  return isFull ? config.size("global_head_dim", 512) : config.size("head_dim", 256);
}

/** Full layers may have another number of heads for keys, where values are keys. */
export function keyValueWidth(config: Config, isFull: boolean): number {
  const own = config.size("num_key_value_heads", 4);
  const differs = isFull && config.boolean("attention_k_eq_v", false);
  const heads = differs ? (config.optionalSize("num_global_key_value_heads") ?? own) : own;
  return heads * headDimOf(config, isFull);
}

function attention(
  config: Config,
  { hiddenSize, heads }: Gemma4Sizes,
  { isFull, sharesKeys, leavesKeys, window }: Gemma4LayerKind,
): ModuleNode {
  const headDim = headDimOf(config, isFull);
  const bias = config.boolean("attention_bias", false);
  const valuesAreKeys = config.boolean("attention_k_eq_v", false) && isFull;
  const width = keyValueWidth(config, isFull);
  const forward: SharingAttentionForward = {
    kind: "sharing_attention",
    query: "q_proj",
    queryNorm: "q_norm",
    output: "o_proj",
    layerType: isFull ? "full_attention" : "sliding_attention",
    heads,
    keyValueHeads: width / headDim,
    headDim,
    attentionDropout: config.number("attention_dropout", 0),
    ...(window === undefined ? {} : { slidingWindow: window }),
    ...(sharesKeys
      ? {}
      : {
          own: {
            key: "k_proj",
            keyNorm: "k_norm",
            ...(valuesAreKeys ? {} : { value: "v_proj" }),
            valueNorm: "v_norm",
            isLeft: leavesKeys,
          },
        }),
  };
  return container("self_attn", "Gemma4TextAttention", {
    forward,
    children: [
      linear("q_proj", hiddenSize, heads * headDim, { bias }),
      gemma4Norm("q_norm", headDim),
      ...(sharesKeys
        ? []
        : [
            gemma4Norm("k_norm", headDim),
            bareNorm("v_norm"),
            linear("k_proj", hiddenSize, width, { bias }),
            ...(valuesAreKeys ? [] : [linear("v_proj", hiddenSize, width, { bias })]),
          ]),
      linear("o_proj", heads * headDim, hiddenSize, { bias }),
    ],
  });
}

export function gemma4Layer(config: Config, sizes: Gemma4Sizes, kind: Gemma4LayerKind): ModuleNode {
  const { hiddenSize, perLayerWidth, firstShared } = sizes;
  const act = activation(config, "hidden_activation", "gelu_pytorch_tanh");
  const isWide = kind.sharesKeys && firstShared > 0 && config.boolean("use_double_wide_mlp", false);
  return container("0", "Gemma4TextDecoderLayer", {
    buffers: [{ ...persistentBuffer("layer_scalar", [1]), dtype: "model" }],
    forward: layerForward(sizes, act),
    children: [
      attention(config, sizes, kind),
      gatedMlp({
        type: "Gemma4TextMLP",
        hiddenSize,
        intermediateSize: config.size("intermediate_size", 9216) * (isWide ? 2 : 1),
        activation: act,
      }),
      ...Object.values(BOTH_NORMS).map((name) => gemma4Norm(name, hiddenSize)),
      ...(perLayerWidth === 0
        ? []
        : [
            activationModule("act_fn", act),
            linear("per_layer_input_gate", hiddenSize, perLayerWidth),
            linear("per_layer_projection", perLayerWidth, hiddenSize),
            gemma4Norm("post_per_layer_input_norm", hiddenSize),
          ]),
      ...(sizes.hasExperts ? expertBlock(config, hiddenSize) : []),
    ],
  });
}

function layerForward(
  { perLayerWidth, hasExperts }: Gemma4Sizes,
  act: Activation,
): DecoderLayerForward {
  return {
    kind: "decoder_layer",
    attention: "self_attn",
    mlp: "mlp",
    ...BOTH_NORMS,
    ...(hasExperts
      ? {
          expertsBeside: {
            router: "router",
            experts: "experts",
            mlpNorm: "post_feedforward_layernorm_1",
            inputNorm: "pre_feedforward_layernorm_2",
            outputNorm: "post_feedforward_layernorm_2",
          },
        }
      : {}),
    ...(perLayerWidth === 0
      ? {}
      : {
          inputPerLayer: {
            gate: "per_layer_input_gate",
            activation: act,
            activationName: "act_fn",
            projection: "per_layer_projection",
            norm: "post_per_layer_input_norm",
          },
        }),
    scaledBy: "layer_scalar",
  };
}

/** Experts stand beside the MLP, not in its place. */
function expertBlock(config: Config, hiddenSize: number): readonly ModuleNode[] {
  const experts = config.optionalSize("num_experts");
  const intermediateSize = config.optionalSize("moe_intermediate_size");
  if (experts === undefined || intermediateSize === undefined) {
    reject({
      code: "missing_field",
      path: config.fields.at(experts === undefined ? "num_experts" : "moe_intermediate_size"),
      message: "enable_moe_block needs num_experts and moe_intermediate_size",
      expected: "whole number",
    });
  }
  const act = activation(config, "hidden_activation", "gelu_pytorch_tanh");
  const chosen = config.optionalSize("top_k_experts");
  return [
    container("router", "Gemma4TextRouter", {
      parameters: [
        { name: "scale", shape: [hiddenSize] },
        { name: "per_expert_scale", shape: [experts] },
      ],
      ...(chosen === undefined || chosen > experts
        ? {}
        : {
            forward: {
              kind: "normed_router",
              chosen,
              norm: "norm",
              projection: "proj",
              scale: "scale",
              expertScale: "per_expert_scale",
            },
          }),
      children: [bareNorm("norm"), linear("proj", hiddenSize, experts)],
    }),
    fusedExperts({ type: "Gemma4TextExperts", experts, hiddenSize, intermediateSize }, act),
    gemma4Norm("post_feedforward_layernorm_1", hiddenSize),
    gemma4Norm("post_feedforward_layernorm_2", hiddenSize),
    gemma4Norm("pre_feedforward_layernorm_2", hiddenSize),
  ];
}
