/** Falcon-H1: attention and Mamba 2 side by side in every layer. */

import type { Config } from "../../model/config.js";
import { activation } from "../blocks/activation.js";
import { groupedQueryAttention } from "../blocks/attention.js";
import { languageModel } from "../blocks/language-model.js";
import { MAMBA_INCOMPATIBLE, mamba2Mixer } from "../blocks/mamba2-mixer.js";
import { gatedMlp } from "../blocks/mlp.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { buffer, container, embedding, repeated, rmsNorm } from "../tree/vocabulary.js";

export const falconH1: Blueprint = {
  modelType: "falcon_h1",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 4096);
    const heads = config.size("num_attention_heads", 32);
    const keyValueHeads = config.isNull("num_key_value_heads")
      ? heads
      : config.size("num_key_value_heads", 8);
    const headDim =
      config.optionalSize("head_dim") ?? config.divide("hidden_size", hiddenSize, heads);
    const vocabSize = config.size("vocab_size", 128000);
    const bias = config.boolean("attention_bias", false);
    const norm = (name: string) => rmsNorm(name, "FalconH1RMSNorm", hiddenSize);
    const mamba = mixer(config, hiddenSize);
    const layer = container("0", "FalconH1DecoderLayer", {
      forward: {
        ...{ kind: "decoder_layer", attention: "self_attn", mlp: "feed_forward" },
        ...{ preAttentionNorm: "input_layernorm", preMlpNorm: "pre_ff_layernorm" },
        stateBeside: "mamba",
      },
      children: [
        gatedMlp({
          name: "feed_forward",
          type: "FalconH1MLP",
          hiddenSize,
          intermediateSize: config.size("intermediate_size", 14336),
          bias: config.boolean("mlp_bias", false),
          activation: activation(config, "hidden_act", "silu"),
          scales: true,
        }),
        mamba,
        groupedQueryAttention({
          type: "FalconH1Attention",
          ...{ hiddenSize, heads, keyValueHeads, headDim },
          ...{ queryKeyValueBias: bias, outputBias: bias },
          attentionDropout: config.number("attention_dropout", 0),
          ...{ rotary: "full", scalesKey: true },
        }),
        norm("input_layernorm"),
        norm("pre_ff_layernorm"),
      ],
    });
    return languageModel(
      {
        modelType: "falcon_h1",
        prefix: "FalconH1",
        backbone: "model",
        taskHeads: [],
        hiddenSize,
        keyValueSize: keyValueHeads * headDim,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", false),
        forward: {
          kind: "decoder",
          tokenEmbedding: "embed_tokens",
          rotary: "rotary_emb",
          layers: "layers",
          finalNorm: "final_layernorm",
          scaledEmbedding: true,
        },
        multipliedLogits: "by_class_alone",
        children: [
          embedding("embed_tokens", vocabSize, hiddenSize),
          repeated("layers", config.layerCount("num_hidden_layers", 32), layer),
          norm("final_layernorm"),
          rotaryEmbedding("FalconH1RotaryEmbedding", headDim),
        ],
        incompatibleNames: MAMBA_INCOMPATIBLE,
        ...(mamba.forward === undefined ? { isCountedOnly: true } : {}),
      },
      config,
      context,
    );
  },
};

function mixer(config: Config, hiddenSize: number): ModuleNode {
  const width = config.isNull("mamba_d_ssm")
    ? Math.floor(config.number("mamba_expand", 2) * hiddenSize)
    : config.size("mamba_d_ssm", 1024);
  const heads = config.size("mamba_n_heads", 128);
  const [groups, stateSize] = [config.size("mamba_n_groups", 1), config.size("mamba_d_state", 256)];
  const state = groups * stateSize;
  const hasNorm = config.boolean("mamba_rms_norm", false);
  const normsFirst = config.boolean("mamba_norm_before_gate", true);
  const given = config.fields.get("mamba_d_head");
  // "auto" is the default of the class.
  const headDim = typeof given === "number" ? given : width / heads;
  const program = {
    ...{ heads, headDim, groups, stateSize, scales: "mup_vector" },
    chunk: config.size("mamba_chunk_size", 256),
    ...(hasNorm ? ({ weighsGroups: normsFirst ? "gate_last" : "gate_first" } as const) : {}),
  };
  const runs =
    heads * headDim === width &&
    heads % groups === 0 &&
    config.string("hidden_act", "silu") === "silu";
  const node = mamba2Mixer(
    {
      name: "mamba",
      type: "FalconH1Mixer",
      ...(hasNorm ? { normType: "FalconH1RMSNormGated" } : {}),
      ...(runs ? { program } : {}),
    },
    config,
    {
      hiddenSize,
      width,
      heads,
      state,
      kernel: config.size("mamba_d_conv", 4),
      convBias: config.boolean("mamba_conv_bias", true),
      inBias: config.boolean("mamba_proj_bias", false),
      outBias: config.boolean("projectors_bias", false),
    },
  );
  return {
    ...node,
    buffers: [buffer("mup_vector", [1, 1, 2 * width + 2 * state + heads], "model")],
  };
}
