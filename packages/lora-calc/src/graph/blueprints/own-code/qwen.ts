/** The first Qwen (7B, 14B, 72B, 1.8B of 2023): query, key and value in one layer with bias, half of intermediate_size. */

import type { Config } from "../../../model/config.js";
import { ownCodeModel } from "./own-code-model.js";
import type { Blueprint } from "../../tree/blueprint.js";
import type { ModuleNode } from "../../tree/module-graph.js";
import {
  buffer,
  container,
  embedding,
  leaf,
  linear,
  repeated,
  rmsNorm,
} from "../../tree/vocabulary.js";

/** `logn_list` of modeling_qwen.py. */
const LONGEST = 32_767;

/** What the class casts itself to when it is made: by default bfloat16, on cards that have it. */
function halfOf(config: Config): "bfloat16" | "float16" | undefined {
  if (config.boolean("fp32", false)) return undefined;
  return config.boolean("fp16", false) ? "float16" : "bfloat16";
}

export const qwen: Blueprint = {
  modelType: "qwen",
  isOwnCode: true,
  runsUnder: {
    transformers: "4.57",
    elsewhere: "AttributeError: 'QWenModel' object has no attribute 'get_head_mask'",
  },
  build: (config, context) => {
    const sizes = readSizes(config);
    const { hiddenSize, headDim, projected } = sizes;
    const vocabSize = config.size("vocab_size", 151_936);
    const layers = config.layerCount("num_hidden_layers", 32);
    const castsItself = halfOf(config);
    const hasProgram = projected === hiddenSize && config.number("rotary_pct", 1) === 1;
    const rotary = container("rotary_emb", "RotaryEmbedding", {
      forward: { kind: "rotary", dim: headDim, isKept: true },
      buffers: [buffer("inv_freq", [Math.ceil(headDim / 2)], castsItself ?? "float32")],
    });
    return ownCodeModel(
      {
        modelType: "qwen",
        className: "QWenLMHeadModel",
        ...(castsItself === undefined ? {} : { castsItself }),
        ...(hasProgram ? { forward: FORWARD } : {}),
        inputEmbedding: "transformer.wte",
        outputEmbedding: "lm_head",
        decoder: { layers, hiddenSize, keyValueSize: projected },
        children: [
          container("transformer", "QWenModel", {
            forward: {
              ...{ kind: "decoder", tokenEmbedding: "wte", rotary: "rotary_emb", layers: "h" },
              ...{ finalNorm: "ln_f", masksByHand: "of_padding", positionsFirst: true },
              ...{ checkpointsReentrant: true, hidesPositions: true },
              embeddingDropout: config.number("emb_dropout_prob", 0),
            },
            children: [
              embedding("wte", vocabSize, hiddenSize),
              leaf("drop", "Dropout"),
              rotary,
              repeated("h", layers, block(config, sizes)),
              norm("ln_f", sizes),
            ],
          }),
          linear("lm_head", hiddenSize, vocabSize),
        ],
      },
      context,
    );
  },
};

const FORWARD = {
  kind: "causal_lm",
  ...{ decoder: "transformer", head: "lm_head", shiftsLogits: true },
} as const;

interface Sizes {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly headDim: number;
  /** All heads side by side. */
  readonly projected: number;
}

function readSizes(config: Config): Sizes {
  const heads = config.size("num_attention_heads", 32);
  const headDim = config.size("kv_channels", 128);
  const hiddenSize = config.size("hidden_size", 4096);
  return { hiddenSize, heads, headDim, projected: headDim * heads };
}

function norm(name: string, { hiddenSize }: Sizes): ModuleNode {
  return rmsNorm(name, "RMSNorm", hiddenSize, "scaled_last");
}

function block(config: Config, sizes: Sizes): ModuleNode {
  const { hiddenSize } = sizes;
  const bias = !config.boolean("no_bias", true);
  const innerSize = Math.floor(config.size("intermediate_size", 22_016) / 2);
  return container("0", "QWenBlock", {
    forward: {
      ...{ kind: "decoder_layer", attention: "attn", mlp: "mlp", keepsGiven: true },
      ...{ preAttentionNorm: "ln_1", preMlpNorm: "ln_2" },
    },
    children: [
      norm("ln_1", sizes),
      attention(config, sizes, bias),
      norm("ln_2", sizes),
      container("mlp", "QWenMLP", {
        forward: {
          ...{ kind: "gated_mlp", gate: "w2", up: "w1", down: "c_proj", activation: "silu" },
          gatesSecond: true,
        },
        children: [
          linear("w1", hiddenSize, innerSize, { bias }),
          linear("w2", hiddenSize, innerSize, { bias }),
          linear("c_proj", innerSize, hiddenSize, { bias }),
        ],
      }),
    ],
  });
}

function attention(config: Config, sizes: Sizes, bias: boolean): ModuleNode {
  const { hiddenSize, heads, headDim, projected } = sizes;
  const buffers = halfOf(config) ?? "model";
  // Logarithms, or ones where none is longer than a sequence.
  const factors = config.size("seq_length", 8192) >= LONGEST ? "int64" : buffers;
  return container("attn", "QWenAttention", {
    forward: {
      ...{ kind: "float_turned_attention", fused: "c_attn", output: "c_proj" },
      ...{ heads, keyValueHeads: heads, headDim, attentionDropout: 0 },
    },
    buffers: [
      buffer("masked_bias", [], buffers),
      buffer("logn_tensor", [1, LONGEST, 1, 1], factors),
    ],
    children: [
      linear("c_attn", hiddenSize, 3 * projected, { bias: true }),
      linear("c_proj", hiddenSize, projected, { bias }),
      leaf("attn_dropout", "Dropout"),
    ],
  });
}
