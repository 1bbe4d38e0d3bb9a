/** Mamba 2: a state space whose step, input and output depend on the token; several families hold it under their names. */

import type { Config } from "../../model/config.js";
import type { Mamba2Forward } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, conv, leaf, linear, rmsNorm } from "../tree/vocabulary.js";
import { activationOf } from "./mlp.js";

export interface Mamba2Sizes {
  readonly hiddenSize: number;
  /** Width inside: heads · head_dim. */
  readonly width: number;
  readonly heads: number;
  /** Width of the state of all groups: n_groups · state_size. */
  readonly state: number;
  readonly kernel: number;
  readonly convBias: boolean;
  readonly inBias: boolean;
  readonly outBias: boolean;
}

export interface Mamba2Names {
  readonly name: string;
  readonly type: string;
  /** Class of the gated norm; without one the class has `Identity`. */
  readonly normType?: string;
  /** Field of the activation. Default: `hidden_act`. */
  readonly activationField?: string;
  /** Undefined where the mixer is counted only. */
  readonly program?: Mamba2Program;
}

/** Sizes of the scan. */
type Mamba2Program = Pick<
  Mamba2Forward,
  "heads" | "headDim" | "groups" | "stateSize" | "chunk" | "groupsNorm" | "weighsGroups" | "scales"
>;

const NAMES = {
  kind: "mamba2",
  ...{ input: "in_proj", convolution: "conv1d", output: "out_proj" },
} as const;

/**
 *     in_proj: hidden → gate, input, B, C and a step per head
 *     conv1d over input, B and C; out_proj: width → hidden
 *
 * Source: transformers models/mamba2/modeling_mamba2.py `Mamba2Mixer`.
 */
export function mamba2Mixer(
  { name, type, normType, activationField = "hidden_act", program }: Mamba2Names,
  config: Config,
  sizes: Mamba2Sizes,
): ModuleNode {
  const { hiddenSize, width, heads, state, kernel } = sizes;
  const mixed = width + 2 * state;
  const normed = normType === undefined ? {} : { norm: "norm" };
  return container(name, type, {
    ...(program === undefined ? {} : { forward: { ...NAMES, ...normed, ...program } }),
    parameters: ["dt_bias", "A_log", "D"].map((each) => ({ name: each, shape: [heads] })),
    children: [
      activationOf("act", config, activationField, "silu"),
      conv("conv1d", [mixed, mixed], [kernel], { bias: sizes.convBias, groups: mixed }),
      linear("in_proj", hiddenSize, width + mixed + heads, { bias: sizes.inBias }),
      normType === undefined ? leaf("norm", "Identity") : rmsNorm("norm", normType, width),
      linear("out_proj", width, hiddenSize, { bias: sizes.outBias }),
    ],
  });
}

/** What PEFT refuses to LoRA and its like. Source: peft tuners/tuners_utils.py `_check_lora_target_modules_mamba`. */
export const MAMBA_INCOMPATIBLE = ["out_proj", "conv1d"];
