/** The feed-forward part of a layer: a gated MLP, or what a family has in its place. */

import type { Config } from "../../../model/config.js";
import type { ModuleNode } from "../../tree/module-graph.js";
import { activation } from "../activation.js";
import { gatedMlp } from "../mlp.js";
import type { Sizes } from "./sizes.js";

export interface FeedingFamily {
  readonly prefix: string;
  readonly mlpBias?: boolean;
  /** Class of the MLP when it is another family's. */
  readonly mlpType?: string;
  /** On what attention and MLP give (seed_oss, starcoder2); `makeMlp` sees to its own. */
  readonly sublayerDropout?: number;
  /** Field of the activation's name, and the class default. */
  readonly activation?: { readonly field: string; readonly fallback: string };
  /** MLPs that are not `down(act(gate(x)) * up(x))`. */
  readonly makeMlp?: (
    hiddenSize: number,
    intermediateSize: number,
    index: number,
  ) => ModuleNode | undefined;
  /** The layer has no `mlp` of its own: what takes its place stands in `layerTail` (granitemoe). Counted only. */
  readonly hasNoMlp?: boolean;
}

export function mlp(
  family: FeedingFamily,
  { hiddenSize, intermediateSize }: Sizes,
  config: Config,
  index: number,
): ModuleNode | undefined {
  if (family.hasNoMlp === true) return undefined;
  const { field, fallback } = family.activation ?? { field: "hidden_act", fallback: "silu" };
  return (
    family.makeMlp?.(hiddenSize, intermediateSize, index) ??
    gatedMlp({
      type: family.mlpType ?? `${family.prefix}MLP`,
      hiddenSize,
      intermediateSize,
      bias: family.mlpBias ?? false,
      activation: activation(config, field, fallback),
      ...(family.sublayerDropout === undefined ? {} : { dropout: family.sublayerDropout }),
    })
  );
}
