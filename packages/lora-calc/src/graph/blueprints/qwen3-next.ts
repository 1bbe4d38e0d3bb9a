/** Qwen3-Next: three layers of linear attention to one of full attention, experts in all of them. */

import type { Config } from "../../model/config.js";
import { topKRouter } from "../blocks/experts.js";
import { gatedDeltaNet, isLinearLayer } from "../blocks/gated-delta-net.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { LlamaLike } from "../blocks/llama-like.js";
import { sharedExpert, sparseLayers, WITH_SHARED } from "../blocks/qwen-experts.js";
import type { Blueprint } from "../tree/blueprint.js";

/** Full attention whose queries carry a gate, linear attention in the other layers. */
export function mixedAttention(
  prefix: string,
  config: Config,
  projections: "joint" | "separate",
): Pick<
  LlamaLike,
  | "norm"
  | "rotary"
  | "attentionBias"
  | "gatedQuery"
  | "queryKeyNorm"
  | "rotaryShare"
  | "makeAttention"
> {
  const isLinear = isLinearLayer(config);
  const rope = config.nested("rope_parameters");
  return {
    attentionBias: config.boolean("attention_bias", false),
    norm: "unit_offset",
    rotary: "partial",
    gatedQuery: true,
    queryKeyNorm: "head",
    rotaryShare: (rope.has("partial_rotary_factor") ? rope : config).number(
      "partial_rotary_factor",
      0.25,
    ),
    makeAttention: ({ hiddenSize }, index) =>
      isLinear(index) ? gatedDeltaNet(prefix, config, hiddenSize, projections) : undefined,
  };
}

export const qwen3Next: Blueprint = {
  modelType: "qwen3_next",
  build: (config, context) => {
    const isLinear = isLinearLayer(config);
    const normalizes = config.boolean("norm_topk_prob", true);
    const routing = topKRouter(config, context, { chosen: 10, normalizes });
    const experts = sparseLayers(
      config,
      context,
      {
        ...{ prefix: "Qwen3Next", experts: 512, width: 512 },
        forward: routing === undefined ? undefined : { block: WITH_SHARED, router: routing },
      },
      (parts, hiddenSize) => [
        parts.gate,
        parts.experts,
        ...sharedExpert("Qwen3Next", config, hiddenSize, 512),
      ],
    );
    return llamaLike(
      {
        modelType: "qwen3_next",
        prefix: "Qwen3Next",
        defaults: {
          vocabSize: 151936,
          hiddenSize: 2048,
          intermediateSize: 5632,
          layers: 48,
          heads: 16,
          keyValueHeads: 2,
          headDim: 256,
        },
        ...mixedAttention("Qwen3Next", config, "joint"),
        ...experts,
        layerKey: (index) => `${isLinear(index)} ${experts.layerKey(index)}`,
        tied: config.boolean("tie_word_embeddings", false),
        ...(routing === undefined ? { isCountedOnly: true } : {}),
      },
      config,
      context,
    );
  },
};
