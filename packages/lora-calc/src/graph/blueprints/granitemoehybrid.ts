/**
 * Granite 4: Mamba 2 in most layers, attention in some or in all; an MLP that all tokens use, beside experts if there are any.
 */

import type { Config } from "../../model/config.js";
import { activation } from "../blocks/activation.js";
import { fusedExperts, router, topKRouter } from "../blocks/experts.js";
import { languageModel } from "../blocks/language-model.js";
import { groupedQueryAttention } from "../blocks/attention.js";
import { mamba2Mixer } from "../blocks/mamba2-mixer.js";
import { activationModule } from "../blocks/mlp.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, embedding, linear, repeatedBy, rmsNorm } from "../tree/vocabulary.js";

const PREFIX = "GraniteMoeHybrid";

export const granitemoehybrid: Blueprint = {
  modelType: "granitemoehybrid",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 4096);
    const heads = config.size("num_attention_heads", 32);
    const keyValueHeads = config.optionalSize("num_key_value_heads") ?? heads;
    const headDim =
      config.optionalSize("head_dim") ?? config.divide("hidden_size", hiddenSize, heads);
    const vocabSize = config.size("vocab_size", 32000);
    const experts = config.integer("num_local_experts", 8);
    const types = config.stringList("layer_types") ?? config.stringList("layers_block_type");
    const isMamba = (index: number) =>
      types === undefined || ["mamba", "linear_attention"].includes(types[index] ?? "");
    const isRotated = config.fields.get("position_embedding_type") === "rope";
    const layers = config.layerCount("num_hidden_layers", 32);
    const norm = (name: string) => rmsNorm(name, `${PREFIX}RMSNorm`, hiddenSize);
    const routing =
      experts === 0 ? undefined : topKRouter(config, context, { chosen: 8, normalizes: false });
    const hasProgram = experts === 0 || routing !== undefined;
    const layer = (index: number) =>
      container("0", `${PREFIX}DecoderLayer`, {
        forward: {
          ...{ kind: "decoder_layer", mlp: "shared_mlp" },
          attention: isMamba(index) ? "mamba" : "self_attn",
          preAttentionNorm: "input_layernorm",
          preMlpNorm: "post_attention_layernorm",
          scaledResidual: true,
          ...(experts === 0 ? {} : { expertsFirst: "block_sparse_moe" }),
        },
        children: [
          norm("input_layernorm"),
          norm("post_attention_layernorm"),
          experts > 0 ? expertBlock(config, routing, { hiddenSize, experts }) : undefined,
          sharedMlp(config, hiddenSize),
          isMamba(index)
            ? mixer(config, hiddenSize)
            : groupedQueryAttention({
                type: `${PREFIX}Attention`,
                ...{ hiddenSize, heads, keyValueHeads, headDim },
                queryKeyValueBias: config.boolean("attention_bias", false),
                outputBias: config.boolean("attention_bias", false),
                attentionDropout: config.number("attention_dropout", 0),
                ...(isRotated ? { rotary: "full" } : {}),
              }),
        ],
      });
    return languageModel(
      {
        modelType: "granitemoehybrid",
        prefix: PREFIX,
        backbone: "model",
        taskHeads: [],
        hiddenSize,
        keyValueSize: keyValueHeads * headDim,
        vocabSize,
        tied: config.boolean("tie_word_embeddings", false),
        forward: {
          kind: "decoder",
          tokenEmbedding: "embed_tokens",
          layers: "layers",
          finalNorm: "norm",
          scaledEmbedding: true,
          hidesPositions: true,
          ...(isRotated ? { rotary: "rotary_emb" } : {}),
        },
        scaledLogits: true,
        children: [
          embedding("embed_tokens", vocabSize, hiddenSize),
          repeatedBy(
            "layers",
            layers,
            (index) => `${isMamba(index)}`,
            (_, index) => layer(index),
          ),
          norm("norm"),
          isRotated ? rotaryEmbedding(`${PREFIX}RotaryEmbedding`, headDim) : undefined,
        ],
        ...(hasProgram ? {} : { isCountedOnly: true }),
      },
      config,
      context,
    );
  },
};

function mixer(config: Config, hiddenSize: number): ModuleNode {
  const bias = config.boolean("mamba_proj_bias", false);
  const width = Math.floor(config.number("mamba_expand", 2) * hiddenSize);
  const heads = config.size("mamba_n_heads", 128);
  const [groups, stateSize] = [config.size("mamba_n_groups", 1), config.size("mamba_d_state", 256)];
  const given = config.fields.get("mamba_d_head");
  // "auto" is the default of the class.
  const headDim = typeof given === "number" ? given : width / heads;
  const isEven = heads * headDim === width && heads % groups === 0;
  const chunk = config.size("mamba_chunk_size", 256);
  const program = { heads, headDim, groups, stateSize, chunk };
  return mamba2Mixer(
    {
      ...{ name: "mamba", type: `${PREFIX}MambaLayer`, normType: `${PREFIX}RMSNormGated` },
      ...(isEven && config.string("hidden_act", "silu") === "silu" ? { program } : {}),
    },
    config,
    {
      ...{ hiddenSize, width, heads },
      state: groups * stateSize,
      kernel: config.size("mamba_d_conv", 4),
      convBias: config.boolean("mamba_conv_bias", true),
      inBias: bias,
      outBias: bias,
    },
  );
}

interface ExpertSizes {
  readonly hiddenSize: number;
  readonly experts: number;
}

function expertBlock(
  config: Config,
  routing: ReturnType<typeof topKRouter>,
  { hiddenSize, experts }: ExpertSizes,
): ModuleNode {
  const intermediateSize = config.size("intermediate_size", 11008);
  const act = activation(config, "hidden_act", "silu");
  const forward =
    routing === undefined ? undefined : { ...routing, softmaxLast: "in_fp32" as const };
  return container("block_sparse_moe", `${PREFIX}MoE`, {
    forward: { kind: "sparse_mlp", router: "router", experts: "experts" },
    children: [
      router("router", { type: `${PREFIX}TopKRouter`, experts, hiddenSize }, { forward }),
      fusedExperts({ type: `${PREFIX}Experts`, experts, hiddenSize, intermediateSize }, act),
    ],
  });
}

/** Gate and input come from one projection. */
function sharedMlp(config: Config, hiddenSize: number): ModuleNode {
  const width = config.size("shared_intermediate_size", 1024);
  const act = activation(config, "hidden_act", "silu");
  return container("shared_mlp", `${PREFIX}MLP`, {
    forward: {
      ...{ kind: "fused_gated_mlp", gateUp: "input_linear", down: "output_linear" },
      activation: act,
      keepsHalves: true,
    },
    children: [
      activationModule("activation", act),
      linear("input_linear", hiddenSize, 2 * width),
      linear("output_linear", width, hiddenSize),
    ],
  });
}
