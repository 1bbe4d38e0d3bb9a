/** Experts as the families of Qwen hold them: in some layers, beside dense ones, with or without one that all tokens use. */

import type { Config } from "../../model/config.js";
import type { BuildContext } from "../tree/blueprint.js";
import type { RouterForward, SparseMlpForward } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, linear } from "../tree/vocabulary.js";
import { activation } from "./activation.js";
import { areFused, fusedExperts, ROUTED, router } from "./experts.js";
import type { LlamaLike } from "./llama-like.js";
import { gatedMlp } from "./mlp.js";
import { singleExperts } from "./single-experts.js";

interface Parts {
  readonly gate: ModuleNode;
  readonly experts: ModuleNode;
}

/** Experts in every `decoder_sparse_step`th layer that `mlp_only_layers` does not name; the others are dense. */
export function sparseLayers(
  config: Config,
  context: BuildContext,
  family: {
    readonly prefix: string;
    readonly experts: number;
    readonly width: number;
    /** How the block computes, where that is known. */
    readonly forward?:
      { readonly block: SparseMlpForward; readonly router: RouterForward } | undefined;
  },
  arrange: (parts: Parts, hiddenSize: number) => readonly ModuleNode[],
): Required<Pick<LlamaLike, "layerKey" | "makeMlp">> {
  const { prefix, forward } = family;
  const experts = config.size(["num_experts", "num_local_experts"], family.experts);
  const intermediateSize = config.size("moe_intermediate_size", family.width);
  const step = config.size("decoder_sparse_step", 1);
  const dense = new Set(config.integerList("mlp_only_layers") ?? []);
  const isSparse = (index: number): boolean => !dense.has(index) && (index + 1) % step === 0;
  return {
    layerKey: (index: number): string => (isSparse(index) ? "experts" : "dense"),
    makeMlp: (hiddenSize: number, _: number, index: number): ModuleNode | undefined => {
      if (!isSparse(index)) return undefined;
      const isFused = areFused(context);
      const sizes = { experts, hiddenSize, intermediateSize };
      const act = activation(config, "hidden_act", "silu");
      const gate = isFused
        ? router(
            "gate",
            { type: `${prefix}TopKRouter`, experts, hiddenSize },
            { forward: forward?.router },
          )
        : linear("gate", hiddenSize, experts);
      const all = isFused
        ? fusedExperts({ type: `${prefix}Experts`, ...sizes }, act)
        : singleExperts({ type: `${prefix}MLP`, ...sizes }, act);
      const children = arrange({ gate, experts: all }, hiddenSize);
      return container("mlp", `${prefix}SparseMoeBlock`, {
        children,
        ...(forward === undefined ? {} : { forward: forward.block }),
      });
    },
  };
}

/** How a block computes that holds `sharedExpert`. */
export const WITH_SHARED: SparseMlpForward = {
  ...ROUTED,
  shared: { mlp: "shared_expert", gate: "shared_expert_gate" },
};

/** The expert that all tokens use, and the gate of its output. */
export function sharedExpert(
  prefix: string,
  config: Config,
  hiddenSize: number,
  usualWidth: number,
): readonly ModuleNode[] {
  return [
    gatedMlp({
      name: "shared_expert",
      type: `${prefix}MLP`,
      hiddenSize,
      intermediateSize: config.size("shared_expert_intermediate_size", usualWidth),
      activation: activation(config, "hidden_act", "silu"),
    }),
    linear("shared_expert_gate", hiddenSize, 1),
  ];
}
