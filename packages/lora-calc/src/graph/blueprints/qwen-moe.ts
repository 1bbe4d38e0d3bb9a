/** Qwen1.5-MoE and Qwen2-57B (with a shared expert), Qwen3-30B-A3B and its kin (without): some layers may be dense. */

import type { Config } from "../../model/config.js";
import { activation } from "../blocks/activation.js";
import type { Blueprint, BuildContext } from "../blueprint.js";
import { fusedExperts, rejectUnfused, router } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import { gatedMlp } from "../blocks/mlp.js";
import type { ModuleNode } from "../module-graph.js";
import { container, linear } from "../vocabulary.js";

export const qwen3Moe: Blueprint = {
  modelType: "qwen3_moe",
  build: (config, context) =>
    llamaLike(
      {
        modelType: "qwen3_moe",
        prefix: "Qwen3Moe",
        defaults: {
          vocabSize: 151936,
          hiddenSize: 2048,
          intermediateSize: 6144,
          layers: 24,
          heads: 32,
          keyValueHeads: 4,
        },
        attentionBias: config.boolean("attention_bias", false),
        queryKeyNorm: "head",
        tied: config.boolean("tie_word_embeddings", false),
        ...sparse(config, context, "Qwen3Moe", { experts: 128, width: 768 }, (parts) => [
          parts.experts,
          parts.gate,
        ]),
        isCountedOnly: true,
      },
      config,
      context,
    ),
};

export const qwen2Moe: Blueprint = {
  modelType: "qwen2_moe",
  build: (config, context) => {
    const sharedWidth = config.size("shared_expert_intermediate_size", 5632);
    return llamaLike(
      {
        modelType: "qwen2_moe",
        prefix: "Qwen2Moe",
        questionAnsweringBackbone: "model",
        defaults: {
          vocabSize: 151936,
          hiddenSize: 2048,
          intermediateSize: 5632,
          layers: 24,
          heads: 16,
          keyValueHeads: 16,
        },
        attentionBias: config.boolean("qkv_bias", true) ? "query_key_value" : false,
        tied: config.boolean("tie_word_embeddings", false),
        ...sparse(
          config,
          context,
          "Qwen2Moe",
          { experts: 60, width: 1408 },
          (parts, hiddenSize) => [
            parts.gate,
            parts.experts,
            gatedMlp({
              name: "shared_expert",
              type: "Qwen2MoeMLP",
              hiddenSize,
              intermediateSize: sharedWidth,
              activation: activation(config, "hidden_act", "silu"),
            }),
            linear("shared_expert_gate", hiddenSize, 1),
          ],
        ),
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};

interface Parts {
  readonly gate: ModuleNode;
  readonly experts: ModuleNode;
}

/** Experts in every `decoder_sparse_step`th layer that `mlp_only_layers` does not name; the others are dense. */
function sparse(
  config: Config,
  context: BuildContext,
  prefix: string,
  defaults: { readonly experts: number; readonly width: number },
  arrange: (parts: Parts, hiddenSize: number) => readonly ModuleNode[],
) {
  rejectUnfused(context, prefix);
  const experts = config.size(["num_experts", "num_local_experts"], defaults.experts);
  const intermediateSize = config.size("moe_intermediate_size", defaults.width);
  const step = config.size("decoder_sparse_step", 1);
  const dense = new Set(config.integerList("mlp_only_layers") ?? []);
  const isSparse = (index: number): boolean => !dense.has(index) && (index + 1) % step === 0;
  return {
    layerKey: (index: number): string => (isSparse(index) ? "experts" : "dense"),
    makeMlp: (hiddenSize: number, _: number, index: number): ModuleNode | undefined => {
      if (!isSparse(index)) return undefined;
      const gate = router("gate", { type: `${prefix}TopKRouter`, experts, hiddenSize });
      const all = fusedExperts(
        { type: `${prefix}Experts`, experts, hiddenSize, intermediateSize },
        activation(config, "hidden_act", "silu"),
      );
      const children = arrange({ gate, experts: all }, hiddenSize);
      return container("mlp", `${prefix}SparseMoeBlock`, { children });
    },
  };
}
