/** ERNIE 4.5 with experts in a range of layers; the router corrects its scores by a parameter. */

import { activation } from "../blocks/activation.js";
import { areFused, expertsWithShared, ROUTED, router } from "../blocks/experts.js";
import type { SharedExperts } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { CorrectedRouterForward } from "../tree/forward.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, linear } from "../tree/vocabulary.js";

const PREFIX = "Ernie4_5_Moe";

export const ernie45Moe: Blueprint = {
  modelType: "ernie4_5_moe",
  build: (config, context) => {
    const bias = config.boolean("use_bias", false);
    const experts = config.size("moe_num_experts", 64);
    const width = config.size("moe_intermediate_size", 1536);
    const shared = config.integer("moe_num_shared_experts", 2);
    const first = config.integer("moe_layer_start_index", 1);
    const end = config.fields.integer("moe_layer_end_index", { min: -1 }) ?? -1;
    const last = end === -1 ? Infinity : end;
    const interval = config.size("moe_layer_interval", 1);
    const isSparse = (index: number): boolean =>
      (index + 1) % interval === 0 && index >= first && index <= last;
    const routing: CorrectedRouterForward = {
      kind: "corrected_router",
      chosen: config.size(["num_experts_per_tok", "moe_k"], 6),
      scores: "softmax_fp32",
      correction: { of: "child", child: "moe_statics", parameter: "e_score_correction_bias" },
      ...{ normalizes: "clamped", returnsScores: true },
    };
    const isRunnable = areFused(context) && !config.boolean("output_router_logits", false);
    return llamaLike(
      {
        modelType: "ernie4_5_moe",
        prefix: PREFIX,
        taskHeads: [],
        defaults: {
          vocabSize: 103424,
          hiddenSize: 2560,
          intermediateSize: 12288,
          layers: 28,
          heads: 20,
          keyValueHeads: 4,
        },
        attentionBias: bias,
        mlpBias: bias,
        headBias: bias,
        tied: config.boolean("tie_word_embeddings", true),
        layerKey: (index) => (isSparse(index) ? "experts" : "dense"),
        makeMlp: (hiddenSize, _, index) =>
          isSparse(index)
            ? withStatics(
                areFused(context),
                { experts, routing },
                {
                  prefix: PREFIX,
                  type: `${PREFIX}SparseMoeBlock`,
                  experts,
                  hiddenSize,
                  intermediateSize: width,
                  sharedWidth: width * shared,
                  activation: activation(config, "hidden_act", "silu"),
                  gateFirst: true,
                  bias,
                },
              )
            : undefined,
        rotary: "full_pairs_fp32",
        ...(isRunnable ? {} : { isCountedOnly: true }),
      },
      config,
      context,
    );
  },
};

/** The correction of the scores lies in the router, before transformers 5 beside it. */
function withStatics(
  isFused: boolean,
  { experts, routing }: { readonly experts: number; readonly routing: CorrectedRouterForward },
  shape: Omit<SharedExperts, "gate" | "isFused">,
): ModuleNode {
  const { hiddenSize } = shape;
  const statics = container("moe_statics", `${PREFIX}Statics`, {
    forward: { kind: "used_by_parent" },
    parameters: [
      {
        ...{ name: "e_score_correction_bias", shape: [1, experts], dtype: "float32" },
        isFrozen: true,
      },
    ],
  });
  if (!isFused) {
    const gate = linear("gate", hiddenSize, experts);
    const mlp = expertsWithShared({ ...shape, gate, isFused });
    return { ...mlp, children: [statics, ...mlp.children] };
  }
  const shapeOfGate = { type: `${PREFIX}TopKRouter`, experts, hiddenSize };
  const plain = router("gate", shapeOfGate, { keepsFp32: true, forward: routing });
  const gate = { ...plain, children: [statics] };
  const block = expertsWithShared({ ...shape, gate, isFused });
  return {
    ...block,
    forward: shape.sharedWidth === 0 ? ROUTED : { ...ROUTED, shared: { mlp: "shared_experts" } },
  };
}
