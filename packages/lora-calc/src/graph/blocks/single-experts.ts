/** Experts as transformers 4 holds them: a list of modules, each a feed-forward network of its own. */

import type { Activation } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, linear, repeated } from "../tree/vocabulary.js";
import { activationModule, gatedMlp } from "./mlp.js";

export interface ExpertsShape {
  readonly type: string;
  readonly experts: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
}

/** `type` is the class of one expert. */
export function singleExperts(
  { type, experts, hiddenSize, intermediateSize }: ExpertsShape,
  activation: Activation,
  bias = false,
): ModuleNode {
  const expert = gatedMlp({ name: "", type, hiddenSize, intermediateSize, bias, activation });
  return repeated("experts", experts, expert);
}

/** Router and experts of Qwen's and OLMo's classes. */
export function singleRoutedMlp(
  prefix: string,
  sizes: Omit<ExpertsShape, "type">,
  activation: Activation,
): ModuleNode {
  return container("mlp", `${prefix}SparseMoeBlock`, {
    children: [
      linear("gate", sizes.hiddenSize, sizes.experts),
      singleExperts({ ...sizes, type: `${prefix}MLP` }, activation),
    ],
  });
}

/** The same as Mixtral names it: w1 and w3 are gate and up, w2 is down. */
export function blockSparseMoe(
  prefix: string,
  { experts, hiddenSize, intermediateSize }: Omit<ExpertsShape, "type">,
  activation: Activation,
): ModuleNode {
  const expert = container("", `${prefix}BlockSparseTop2MLP`, {
    children: [
      linear("w1", hiddenSize, intermediateSize),
      linear("w2", intermediateSize, hiddenSize),
      linear("w3", hiddenSize, intermediateSize),
      activationModule("act_fn", activation),
    ],
  });
  return container("block_sparse_moe", `${prefix}SparseMoeBlock`, {
    children: [linear("gate", hiddenSize, experts), repeated("experts", experts, expert)],
  });
}
