/** OLMo Hybrid: OLMo 3's layer after three of linear attention, whose norms stand elsewhere. */

import type { Config } from "../../model/config.js";
import { activation } from "../blocks/activation.js";
import { groupedQueryAttention } from "../blocks/attention.js";
import { languageModel, USUAL_DECODER } from "../blocks/language-model.js";
import { gatedMlp } from "../blocks/mlp.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { DecoderForward } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, conv, embedding, linear, repeatedBy, rmsNorm } from "../tree/vocabulary.js";

const PREFIX = "OlmoHybrid";

interface Sizes {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
}

export const olmoHybrid: Blueprint = {
  modelType: "olmo_hybrid",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 3840);
    const heads = config.size("num_attention_heads", 30);
    const keyValueHeads = config.optionalSize("num_key_value_heads") ?? heads;
    const headDim =
      config.optionalSize("head_dim") ?? config.divide("hidden_size", hiddenSize, heads);
    const sizes = { hiddenSize, heads, keyValueHeads, headDim };
    const layers = config.layerCount("num_hidden_layers", 32);
    const isLinear = linearLayers(config, layers);
    const vocabSize = config.size("vocab_size", 100352);
    // The released model turns rotation off by a theta of null.
    const turns = !config.nested("rope_parameters").isNull("rope_theta");
    return languageModel(
      {
        modelType: "olmo_hybrid",
        prefix: PREFIX,
        backbone: "model",
        taskHeads: [],
        hiddenSize,
        keyValueSize: keyValueHeads * headDim,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", false),
        forward: turns ? { ...USUAL_DECODER, hidesTables: true } : WITHOUT_ROTARY,
        children: [
          embedding("embed_tokens", vocabSize, hiddenSize),
          repeatedBy(
            "layers",
            layers,
            (index) => String(isLinear(index)),
            (_, index) =>
              isLinear(index) ? linearLayer(config, sizes) : attentionLayer(config, sizes, turns),
          ),
          norm("norm", hiddenSize),
          turns
            ? rotaryEmbedding(`${PREFIX}RotaryEmbedding`, headDim, { keepsFp32: true })
            : undefined,
        ],
      },
      config,
      context,
    );
  },
};

const WITHOUT_ROTARY: DecoderForward = {
  kind: "decoder",
  ...{ tokenEmbedding: "embed_tokens", layers: "layers", finalNorm: "norm" },
};

/** As listed, else all but every fourth; the last one attends where no other does. */
function linearLayers(config: Config, layers: number): (index: number) => boolean {
  const types = config.stringList("layer_types");
  return (index) =>
    types === undefined
      ? index % 4 !== 3 && !(layers < 4 && index === layers - 1)
      : types[index] === "linear_attention";
}

function norm(name: string, size: number): ModuleNode {
  return rmsNorm(name, `${PREFIX}RMSNorm`, size, "scale_before_cast");
}

function mlp(config: Config, hiddenSize: number): ModuleNode {
  return gatedMlp({
    type: `${PREFIX}MLP`,
    hiddenSize,
    intermediateSize: config.size("intermediate_size", 11008),
    activation: activation(config, "hidden_act", "silu"),
  });
}

function attentionLayer(config: Config, sizes: Sizes, turns: boolean): ModuleNode {
  const { hiddenSize, heads, keyValueHeads, headDim } = sizes;
  const bias = config.boolean("attention_bias", false);
  return container("0", `${PREFIX}AttentionDecoderLayer`, {
    forward: {
      kind: "decoder_layer",
      ...{ attention: "self_attn", mlp: "mlp" },
      postAttentionNorm: "post_attention_layernorm",
      postMlpNorm: "post_feedforward_layernorm",
    },
    children: [
      groupedQueryAttention({
        type: `${PREFIX}Attention`,
        ...sizes,
        queryKeyValueBias: bias,
        outputBias: bias,
        attentionDropout: config.number("attention_dropout", 0),
        ...(turns ? { rotary: "full_fp32" } : {}),
        queryKeyNorm: {
          on: "projection",
          nodes: [norm("q_norm", heads * headDim), norm("k_norm", keyValueHeads * headDim)],
        },
      }),
      mlp(config, hiddenSize),
      norm("post_attention_layernorm", hiddenSize),
      norm("post_feedforward_layernorm", hiddenSize),
    ],
  });
}

function linearLayer(config: Config, sizes: Sizes): ModuleNode {
  const { hiddenSize } = sizes;
  return container("0", `${PREFIX}LinearAttentionDecoderLayer`, {
    forward: {
      kind: "decoder_layer",
      ...{ attention: "linear_attn", mlp: "mlp" },
      preAttentionNorm: "input_layernorm",
      preMlpNorm: "post_attention_layernorm",
    },
    children: [
      mlp(config, hiddenSize),
      norm("input_layernorm", hiddenSize),
      norm("post_attention_layernorm", hiddenSize),
      gatedDeltaNet(config, sizes),
    ],
  });
}

/** Qwen3-Next's delta rule with a projection for each part. */
function gatedDeltaNet(config: Config, { hiddenSize, heads }: Sizes): ModuleNode {
  const keyHeads = config.optionalSize("linear_num_key_heads") ?? heads;
  const valueHeads = config.optionalSize("linear_num_value_heads") ?? heads;
  const keyDim =
    config.optionalSize("linear_key_head_dim") ?? Math.floor((0.75 * hiddenSize) / keyHeads);
  const valueDim = config.optionalSize("linear_value_head_dim") ?? 2 * keyDim;
  const keys = keyHeads * keyDim;
  const values = valueHeads * valueDim;
  const mixed = 2 * keys + values;
  return container("linear_attn", `${PREFIX}GatedDeltaNet`, {
    forward: {
      kind: "gated_delta_net",
      projections: {
        kind: "apart",
        ...{ query: "q_proj", key: "k_proj", value: "v_proj" },
        ...{ gate: "g_proj", beta: "b_proj", decay: "a_proj" },
      },
      ...{ convolution: "conv1d", norm: "o_norm", output: "o_proj" },
      ...{ keyHeads, keyHeadDim: keyDim, valueHeads, valueHeadDim: valueDim },
      ...(config.boolean("linear_allow_neg_eigval", true) ? { doublesBeta: true } : {}),
      ...{ decayBias: "dt_bias", decayLog: "A_log" },
    },
    parameters: [
      { name: "A_log", shape: [valueHeads], dtype: "float32" },
      { name: "dt_bias", shape: [valueHeads] },
    ],
    children: [
      linear("q_proj", hiddenSize, keys),
      linear("k_proj", hiddenSize, keys),
      linear("v_proj", hiddenSize, values),
      linear("a_proj", hiddenSize, valueHeads),
      linear("b_proj", hiddenSize, valueHeads),
      linear("g_proj", hiddenSize, values),
      linear("o_proj", values, hiddenSize),
      conv("conv1d", [mixed, mixed], [config.size("linear_conv_kernel_dim", 4)], {
        bias: false,
        groups: mixed,
      }),
      rmsNorm("o_norm", `${PREFIX}RMSNormGated`, valueDim),
    ],
  });
}
