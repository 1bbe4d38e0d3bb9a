/** One layer of Gemma 3n: streams that it predicts and corrects, a low-rank path, a short vector for each token. */

import type { Config } from "../../model/config.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { buffer, container, linear, rmsNorm } from "../tree/vocabulary.js";
import { activation } from "./activation.js";
import { activationModule, gatedMlp } from "./mlp.js";
import { BOTH_NORMS } from "./norm-positions.js";
import type { LayerType } from "./sliding-window.js";

export interface Gemma3nLayerKind {
  readonly type: LayerType;
  readonly sharesKeys: boolean;
  readonly leavesKeys: boolean;
  readonly intermediateSize: number;
  /** The gate is cut where few of its values are to stay. */
  readonly isCut: boolean;
  readonly window: number | undefined;
}

export interface Gemma3nSizes {
  readonly hiddenSize: number;
  readonly headDim: number;
  /** Width of the vector that each token adds to each layer. */
  readonly perLayerWidth: number;
  /** Copies of the stream. */
  readonly copies: number;
}

export function gemma3nNorm(name: string, size: number): ModuleNode {
  return rmsNorm(name, "Gemma3nRMSNorm", size, "power_in_fp32");
}

export function gemma3nLayer(
  config: Config,
  sizes: Gemma3nSizes,
  kind: Gemma3nLayerKind,
): ModuleNode {
  const { hiddenSize, perLayerWidth } = sizes;
  const { intermediateSize } = kind;
  const act = activation(config, "hidden_activation", "gelu_pytorch_tanh");
  return container("0", "Gemma3nTextDecoderLayer", {
    forward: {
      ...{ kind: "alternating_layer", attention: "self_attn", mlp: "mlp", laurel: "laurel" },
      ...BOTH_NORMS,
      updates: {
        ...{ module: "altup", norm: "router_norm", router: "modality_router" },
        ...{ prediction: "prediction_coefs", correction: "correction_coefs" },
        ...(config.boolean("altup_correct_scale", true) ? { scale: "correct_output_scale" } : {}),
      },
      inputPerLayer: {
        ...{ gate: "per_layer_input_gate", activation: act, activationName: "act_fn" },
        ...{ projection: "per_layer_projection", norm: "post_per_layer_input_norm" },
      },
    },
    children: [
      attention(config, sizes, kind),
      gatedMlp({
        ...{ type: "Gemma3nTextMLP", hiddenSize, intermediateSize, activation: act },
        keepsParts: kind.isCut ? "cut" : "whole",
      }),
      ...Object.values(BOTH_NORMS).map((name) => gemma3nNorm(name, hiddenSize)),
      activationModule("act_fn", act),
      alternatingUpdates(sizes),
      laurel(config, hiddenSize),
      linear("per_layer_input_gate", hiddenSize, perLayerWidth),
      linear("per_layer_projection", perLayerWidth, hiddenSize),
      gemma3nNorm("post_per_layer_input_norm", hiddenSize),
    ],
  });
}

function attention(
  config: Config,
  { hiddenSize, headDim }: Gemma3nSizes,
  kind: Gemma3nLayerKind,
): ModuleNode {
  const { sharesKeys, leavesKeys, window, type } = kind;
  const bias = config.boolean("attention_bias", false);
  const heads = config.size("num_attention_heads", 8);
  const keyValueHeads = config.size("num_key_value_heads", 2);
  const keys = keyValueHeads * headDim;
  return container("self_attn", "Gemma3nTextAttention", {
    forward: {
      ...{ kind: "sharing_attention", query: "q_proj", queryNorm: "q_norm", output: "o_proj" },
      ...{ layerType: type, heads, keyValueHeads, headDim },
      attentionDropout: config.number("attention_dropout", 0),
      ...(window === undefined ? {} : { slidingWindow: window }),
      ...(sharesKeys
        ? {}
        : {
            own: {
              ...{ key: "k_proj", keyNorm: "k_norm", value: "v_proj", valueNorm: "v_norm" },
              ...{ valueLast: true, isLeft: leavesKeys },
            },
          }),
    },
    children: [
      linear("q_proj", hiddenSize, heads * headDim, { bias }),
      gemma3nNorm("q_norm", headDim),
      ...(sharesKeys
        ? []
        : [
            linear("k_proj", hiddenSize, keys, { bias }),
            linear("v_proj", hiddenSize, keys, { bias }),
            gemma3nNorm("k_norm", headDim),
            container("v_norm", "Gemma3nRMSNorm", {
              forward: { kind: "rms_norm", variant: "power_in_fp32" },
            }),
          ]),
      linear("o_proj", heads * headDim, hiddenSize, { bias }),
    ],
  });
}

/** Predicts the copies of the stream from each other and corrects them by what the layer made of one. */
function alternatingUpdates({ hiddenSize, copies }: Gemma3nSizes): ModuleNode {
  return container("altup", "Gemma3nTextAltUp", {
    forward: { kind: "used_by_parent" },
    parameters: [{ name: "correct_output_scale", shape: [hiddenSize] }],
    buffers: [buffer("router_input_scale", [], "model")],
    children: [
      linear("correction_coefs", copies, copies),
      linear("prediction_coefs", copies, copies ** 2),
      linear("modality_router", hiddenSize, copies),
      gemma3nNorm("router_norm", hiddenSize),
    ],
  });
}

function laurel(config: Config, hiddenSize: number): ModuleNode {
  const rank = config.size("laurel_rank", 64);
  return container("laurel", "Gemma3nTextLaurelBlock", {
    forward: {
      ...{ kind: "laurel", left: "linear_left", right: "linear_right", norm: "post_laurel_norm" },
    },
    children: [
      linear("linear_left", hiddenSize, rank),
      linear("linear_right", rank, hiddenSize),
      gemma3nNorm("post_laurel_norm", hiddenSize),
    ],
  });
}
