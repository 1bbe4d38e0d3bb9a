/** Norms of a layer: which, and where they stand. */

import type { DecoderLayerForward, RmsNormVariant } from "../../tree/forward.js";
import type { ModuleNode } from "../../tree/module-graph.js";
import { rmsNorm } from "../../tree/vocabulary.js";
import { normNames } from "../norm-positions.js";
import type { NormNames, NormPosition } from "../norm-positions.js";

export interface NormedFamily {
  readonly prefix: string;
  readonly norm?: RmsNormVariant;
  /**
   * Where the block's norms stand: before each sublayer (llama), after it (olmo2), or both (gemma2).
   * Default: before.
   */
  readonly normPosition?: NormPosition | NormNames;
  /** Norms that are not the RMSNorm of the family. */
  readonly makeNorm?: (name: string, size: number) => ModuleNode;
  /** Norms of a layer in the order of its constructor, where no `normPosition` has them. Counted only. */
  readonly layerNorms?: readonly string[];
}

export function norm(family: NormedFamily, name: string, size: number): ModuleNode {
  if (family.makeNorm !== undefined) return family.makeNorm(name, size);
  return rmsNorm(name, `${family.prefix}RMSNorm`, size, family.norm ?? "scale_after_cast");
}

/** The norms of one layer, and what its forward calls them. */
export function layerNorms(
  family: NormedFamily,
  hiddenSize: number,
): { readonly names: Partial<DecoderLayerForward>; readonly nodes: readonly ModuleNode[] } {
  const names = normNames(family.normPosition ?? "before");
  const nodes = (family.layerNorms ?? Object.values(names)).map((name) =>
    norm(family, name, hiddenSize),
  );
  return { names, nodes };
}
