/** Linear attention by the gated delta rule, which stands in three of four layers of Qwen3-Next and Qwen3.5. */

import type { Config } from "../../model/config.js";
import type { DeltaProjections } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, conv, linear, rmsNorm } from "../tree/vocabulary.js";

const NAMES = {
  kind: "gated_delta_net",
  convolution: "conv1d",
  norm: "norm",
  output: "out_proj",
  decayBias: "dt_bias",
  decayLog: "A_log",
} as const;

const PROJECTIONS: Readonly<Record<"joint" | "separate", DeltaProjections>> = {
  joint: { kind: "joint", mixedAndGate: "in_proj_qkvz", betaAndDecay: "in_proj_ba" },
  separate: {
    kind: "separate",
    mixed: "in_proj_qkv",
    gate: "in_proj_z",
    beta: "in_proj_b",
    decay: "in_proj_a",
  },
};

/**
 * State instead of a cache: keys and values of many narrow heads, a short convolution over time, and two numbers a head
 * for how fast the state fades. Qwen3-Next projects to all of it at once, Qwen3.5 part by part.
 *
 * Source: transformers models/qwen3_next/modeling_qwen3_next.py `Qwen3NextGatedDeltaNet`.
 */
export function gatedDeltaNet(
  prefix: string,
  config: Config,
  hiddenSize: number,
  projections: "joint" | "separate",
): ModuleNode {
  const keyHeadDim = config.size("linear_key_head_dim", 128);
  const keyHeads = config.size("linear_num_key_heads", 16);
  const keys = keyHeadDim * keyHeads;
  const valueHeadDim = config.size("linear_value_head_dim", 128);
  const heads = config.size("linear_num_value_heads", 32);
  const sizes = { keyHeads, keyHeadDim, valueHeads: heads, valueHeadDim };
  const values = valueHeadDim * heads;
  const mixed = 2 * keys + values;
  const convolution = conv("conv1d", [mixed, mixed], [config.size("linear_conv_kernel_dim", 4)], {
    bias: false,
    groups: mixed,
  });
  const norm = rmsNorm("norm", `${prefix}RMSNormGated`, valueHeadDim);
  const output = linear("out_proj", values, hiddenSize);
  const project = (name: string, width: number) => linear(name, hiddenSize, width);
  return container("linear_attn", `${prefix}GatedDeltaNet`, {
    forward: { ...NAMES, projections: PROJECTIONS[projections], ...sizes },
    parameters: [
      { name: "dt_bias", shape: [heads] },
      { name: "A_log", shape: [heads] },
    ],
    children:
      projections === "joint"
        ? [
            convolution,
            project("in_proj_qkvz", mixed + values),
            project("in_proj_ba", 2 * heads),
            norm,
            output,
          ]
        : [
            convolution,
            norm,
            output,
            project("in_proj_qkv", mixed),
            project("in_proj_z", values),
            project("in_proj_b", heads),
            project("in_proj_a", heads),
          ],
  });
}

/** Which layers are linear: as listed, else all but every `full_attention_interval`th. */
export function isLinearLayer(config: Config): (index: number) => boolean {
  const types = config.stringList("layer_types");
  const interval = config.size("full_attention_interval", 4);
  return (index) =>
    types === undefined ? (index + 1) % interval !== 0 : types[index] === "linear_attention";
}
