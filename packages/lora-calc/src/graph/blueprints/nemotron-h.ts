/** Nemotron-H and Nemotron 3: one mixer a layer, which is Mamba 2, attention, an MLP or experts. */

import type { Config } from "../../model/config.js";
import { reject } from "../../problem/problem.js";
import { activation } from "../blocks/activation.js";
import { groupedQueryAttention } from "../blocks/attention.js";
import { groupedRouter, ROUTED, router } from "../blocks/experts.js";
import { languageModel } from "../blocks/language-model.js";
import { MAMBA_INCOMPATIBLE, mamba2Mixer } from "../blocks/mamba2-mixer.js";
import { activationModule, plainMlp } from "../blocks/mlp.js";
import type { Blueprint, BuildContext } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, embedding, leaf, linear, repeatedBy, rmsNorm } from "../tree/vocabulary.js";

type Mixer = "mamba" | "attention" | "mlp" | "moe";

/** Letters of `hybrid_override_pattern`, and both generations of names. */
const MIXERS: ReadonlyMap<string, Mixer> = new Map([
  ["M", "mamba"],
  ["*", "attention"],
  ["-", "mlp"],
  ["E", "moe"],
  ["mamba", "mamba"],
  ["linear_attention", "mamba"],
  ["attention", "attention"],
  ["full_attention", "attention"],
  ["mlp", "mlp"],
  ["moe", "moe"],
]);

export const nemotronH: Blueprint = {
  modelType: "nemotron_h",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 4096);
    const mixers = mixersOf(config);
    const vocabSize = config.size("vocab_size", 131072);
    const keyWidth = config.size("num_key_value_heads", 8) * config.size("head_dim", 128);
    const norm = (name: string) => rmsNorm(name, "NemotronHRMSNorm", hiddenSize, "scale_in_fp32");
    return languageModel(
      {
        modelType: "nemotron_h",
        prefix: "NemotronH",
        backbone: "model",
        taskHeads: [],
        hiddenSize,
        keyValueSize: keyWidth,
        vocabSize,
        // The class names no weights to tie, whatever the configuration says.
        tied: false,
        forward: {
          kind: "decoder",
          tokenEmbedding: "embeddings",
          layers: "layers",
          finalNorm: "norm_f",
        },
        children: [
          embedding("embeddings", vocabSize, hiddenSize),
          repeatedBy(
            "layers",
            mixers.length,
            (index) => mixers[index] ?? "mlp",
            (mixer) =>
              container("0", "NemotronHBlock", {
                forward: { kind: "mixer_layer", norm: "norm", mixer: "mixer" },
                children: [norm("norm"), mixerNode(mixer, config, context, hiddenSize)],
              }),
          ),
          norm("norm_f"),
        ],
        upcastsLogits: true,
        incompatibleNames: MAMBA_INCOMPATIBLE,
      },
      config,
      context,
    );
  },
};

/** The list if there is one, else the letters, else one of each; `num_hidden_layers` is not asked. */
function mixersOf(config: Config): readonly Mixer[] {
  const field = config.has("layers_block_type") ? "layers_block_type" : "layer_types";
  const pattern = config.fields.get("hybrid_override_pattern");
  const letters = typeof pattern === "string" ? Array.from(pattern) : undefined;
  const names = config.stringList(field) ?? letters ?? ["M", "E", "*", "-"];
  return names.map((name) => {
    const mixer = MIXERS.get(name);
    if (mixer !== undefined) return mixer;
    return reject({
      code: "invalid_value",
      path: config.fields.at(field),
      message: `${name} is no layer of nemotron_h; known are mamba, attention, mlp and moe`,
      received: name,
      expected: [...MIXERS.keys()],
    });
  });
}

function mixerNode(
  mixer: Mixer,
  config: Config,
  context: BuildContext,
  hiddenSize: number,
): ModuleNode {
  switch (mixer) {
    case "mamba":
      return stateSpace(config, hiddenSize);
    case "attention":
      return attention(config, hiddenSize);
    case "mlp":
      return mlp("mixer", config, hiddenSize, config.size("intermediate_size", 21504));
    case "moe":
      return experts(config, context, hiddenSize);
  }
}

function stateSpace(config: Config, hiddenSize: number): ModuleNode {
  const heads = config.size("mamba_num_heads", 128);
  const headDim = config.size("mamba_head_dim", 64);
  const groups = config.size(["mamba_n_groups", "n_groups"], 8);
  const stateSize = config.size("ssm_state_size", 128);
  const chunk = config.size(["mamba_chunk_size", "chunk_size"], 128);
  const bias = config.boolean("use_bias", false);
  const isEven = heads % groups === 0 && config.string("mamba_hidden_act", "silu") === "silu";
  const program = { heads, headDim, groups, stateSize, chunk, groupsNorm: true };
  return mamba2Mixer(
    {
      name: "mixer",
      type: "NemotronHMamba2Mixer",
      normType: "Zamba2RMSNormGated",
      activationField: "mamba_hidden_act",
      ...(isEven ? { program } : {}),
    },
    config,
    {
      hiddenSize,
      width: heads * headDim,
      heads,
      state: groups * stateSize,
      kernel: config.size(["mamba_d_conv", "conv_kernel"], 4),
      convBias: config.boolean(["mamba_conv_bias", "use_conv_bias"], true),
      inBias: bias,
      outBias: bias,
    },
  );
}

function attention(config: Config, hiddenSize: number): ModuleNode {
  return groupedQueryAttention({
    ...{ name: "mixer", type: "NemotronHAttention", hiddenSize },
    heads: config.size("num_attention_heads", 32),
    keyValueHeads: config.size("num_key_value_heads", 8),
    headDim: config.size("head_dim", 128),
    attentionDropout: config.number("attention_dropout", 0),
  });
}

function mlp(name: string, config: Config, hiddenSize: number, width: number): ModuleNode {
  const act = activation(config, "mlp_hidden_act", "relu2");
  return plainMlp({
    name,
    type: "NemotronHMLP",
    up: "up_proj",
    down: "down_proj",
    bias: config.boolean("mlp_bias", false),
    hiddenSize,
    intermediateSize: width,
    activation: activationModule("act_fn", act),
    program: { activation: act },
  });
}

/** Experts without gates; they may work on a narrower vector than the rest, which has no program. */
function experts(config: Config, context: BuildContext, hiddenSize: number): ModuleNode {
  const count = config.size(["n_routed_experts", "num_local_experts"], 8);
  const width = config.size("moe_intermediate_size", 7688);
  const latent = config.optionalSize("moe_latent_size");
  const inner = latent ?? hiddenSize;
  const bias = config.boolean("mlp_bias", false);
  const act = activation(config, "mlp_hidden_act", "relu2");
  const shared = config.size("moe_shared_expert_intermediate_size", 7688);
  const gate = { type: "NemotronHTopkRouter", experts: count, hiddenSize };
  const routing = groupedRouter(config, context, { chosen: 2, normalizes: true });
  const forward = latent === undefined && routing !== undefined;
  return container("mixer", "NemotronHMoE", {
    ...(forward ? { forward: { ...ROUTED, sharedLast: "shared_experts" } } : {}),
    children: [
      container("experts", "NemotronHExperts", {
        forward: {
          ...{ kind: "experts", gateUp: "up_proj", down: "down_proj" },
          ...{ activation: act, hasNoGate: true },
        },
        parameters: [
          { name: "up_proj", shape: [count, width, inner] },
          { name: "down_proj", shape: [count, inner, width] },
        ],
        children: [activationModule("act_fn", act)],
      }),
      router("gate", gate, {
        corrects: true,
        keepsFp32: context.world.rules.keepsRoutersFp32,
        forward: forward ? routing : undefined,
      }),
      mlp("shared_experts", config, hiddenSize, shared),
      ...(latent === undefined
        ? [leaf("fc1_latent_proj", "Identity"), leaf("fc2_latent_proj", "Identity")]
        : [
            linear("fc1_latent_proj", hiddenSize, latent, { bias }),
            linear("fc2_latent_proj", latent, hiddenSize, { bias }),
          ]),
    ],
  });
}
