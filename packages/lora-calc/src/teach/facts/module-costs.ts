/** Which modules carry the adapters of a run, and what each block of them costs. */

import type { TargetChoice } from "./target-choices.js";

export interface BlockCost {
  /** `self_attn`, `mlp`, …; empty for modules outside the layers. */
  readonly block: string;
  readonly modules: readonly TargetChoice[];
  /** Trainable parameters when every linear module of the block is a target. */
  readonly cost: number;
  /** The same for the modules that are targets now. */
  readonly targeted: number;
}

/** Costs per block, in the order of the model; embeddings and heads, which "all-linear" leaves out, are not in them. */
export function blockCosts(targets: readonly TargetChoice[]): readonly BlockCost[] {
  const linear = targets.filter(({ isInAllLinear }) => isInAllLinear);
  const blocks = [...new Set(linear.map(({ block }) => block))];
  return blocks.map((block) => {
    const modules = linear.filter((target) => target.block === block);
    return {
      block,
      modules,
      cost: costOf(modules),
      targeted: costOf(modules.filter(({ isTargeted }) => isTargeted)),
    };
  });
}

function costOf(modules: readonly TargetChoice[]): number {
  return modules.reduce((sum, { cost }) => sum + (cost ?? 0), 0);
}
