/** Mamba and Mamba 2: no attention at all. */

import type { Config } from "../../model/config.js";
import { languageModel } from "../blocks/language-model.js";
import { MAMBA_INCOMPATIBLE, mamba2Mixer } from "../blocks/mamba2-mixer.js";
import { activationOf } from "../blocks/mlp.js";
import type { Blueprint, BuildContext } from "../tree/blueprint.js";
import type { ModuleGraph, ModuleNode } from "../tree/module-graph.js";
import { container, conv, embedding, linear, repeated, rmsNorm } from "../tree/vocabulary.js";

interface Family {
  readonly modelType: string;
  readonly prefix: string;
  readonly vocabSize: number;
  readonly layers: number;
  readonly tied: boolean;
  /** Fields of a prompt that PEFT does not find in the configuration. */
  readonly notFound?: readonly string[];
}

export const mamba: Blueprint = {
  modelType: "mamba",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 768);
    const family = {
      modelType: "mamba",
      prefix: "Mamba",
      vocabSize: 50280,
      layers: 32,
      tied: true,
      notFound: ["num_attention_heads"],
    };
    // Projections with a bias are added to where they lie, which the judge does not show; no published model has them.
    const isRun =
      config.string("hidden_act", "silu") === "silu" && !config.boolean("use_bias", false);
    return assemble(
      family,
      { hiddenSize, mixer: mixer(config, hiddenSize, isRun), isRun },
      config,
      context,
    );
  },
};

export const mamba2: Blueprint = {
  modelType: "mamba2",
  build: (config, context) => {
    const hiddenSize = config.size("hidden_size", 4096);
    const bias = config.boolean("use_bias", false);
    const node = mamba2Mixer(
      { name: "mixer", type: "Mamba2Mixer", normType: "MambaRMSNormGated" },
      config,
      {
        hiddenSize,
        width: Math.floor(config.number("expand", 2) * hiddenSize),
        heads: config.size("num_heads", 128),
        state: config.size("n_groups", 8) * config.size("state_size", 128),
        kernel: config.size("conv_kernel", 4),
        convBias: config.boolean("use_conv_bias", true),
        inBias: bias,
        outBias: bias,
      },
    );
    const family = {
      modelType: "mamba2",
      prefix: "Mamba2",
      vocabSize: 32768,
      layers: 64,
      tied: false,
    };
    return assemble(family, { hiddenSize, mixer: node }, config, context);
  },
};

interface Parts {
  readonly hiddenSize: number;
  readonly mixer: ModuleNode;
  readonly isRun?: boolean;
}

function assemble(
  family: Family,
  { hiddenSize, mixer: node, isRun = false }: Parts,
  config: Config,
  context: BuildContext,
): ModuleGraph {
  const { modelType, prefix, notFound } = family;
  const vocabSize = config.size("vocab_size", family.vocabSize);
  const norm = (name: string) => rmsNorm(name, `${prefix}RMSNorm`, hiddenSize);
  const isWide = config.boolean("residual_in_fp32", true);
  const block = container("0", `${prefix}Block`, {
    forward: {
      ...{ kind: "mixer_layer", norm: "norm", mixer: "mixer" },
      ...(isWide ? { wideResidual: true } : {}),
    },
    children: [norm("norm"), node],
  });
  return languageModel(
    {
      modelType,
      prefix,
      backbone: "backbone",
      taskHeads: [],
      hiddenSize,
      vocabSize,
      tied: config.boolean("tie_word_embeddings", family.tied),
      forward: {
        kind: "decoder",
        tokenEmbedding: "embeddings",
        layers: "layers",
        finalNorm: "norm_f",
        attendsNowhere: true,
      },
      upcastsLogits: true,
      narrowsHidden: true,
      children: [
        embedding("embeddings", vocabSize, hiddenSize),
        repeated("layers", config.layerCount("num_hidden_layers", family.layers), block),
        norm("norm_f"),
      ],
      ...(notFound === undefined ? {} : { notFound }),
      incompatibleNames: MAMBA_INCOMPATIBLE,
      ...(isRun ? {} : { isCountedOnly: true }),
    },
    config,
    context,
  );
}

/** Step, input and output come from a narrow projection of what the convolution gives. */
function mixer(config: Config, hiddenSize: number, isRun: boolean): ModuleNode {
  const width = Math.floor(config.number("expand", 2) * hiddenSize);
  const state = config.size("state_size", 16);
  const rank =
    config.fields.get("time_step_rank") === "auto"
      ? Math.ceil(hiddenSize / 16)
      : config.size("time_step_rank", Math.ceil(hiddenSize / 16));
  const bias = config.boolean("use_bias", false);
  return container("mixer", "MambaMixer", {
    ...(isRun
      ? {
          forward: {
            ...{ kind: "mamba", input: "in_proj", convolution: "conv1d", output: "out_proj" },
            ...{ parameters: "x_proj", step: "dt_proj", rank, stateSize: state },
          },
        }
      : {}),
    parameters: [
      { name: "A_log", shape: [width, state] },
      { name: "D", shape: [width] },
    ],
    children: [
      conv("conv1d", [width, width], [config.size("conv_kernel", 4)], {
        bias: config.boolean("use_conv_bias", true),
        groups: width,
      }),
      activationOf("act", config, "hidden_act", "silu"),
      linear("in_proj", hiddenSize, 2 * width, { bias }),
      linear("x_proj", width, rank + 2 * state),
      linear("dt_proj", rank, width, { bias: true }),
      linear("out_proj", width, hiddenSize, { bias }),
    ],
  });
}
