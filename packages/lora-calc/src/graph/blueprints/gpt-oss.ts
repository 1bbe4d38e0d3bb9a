/** gpt-oss: attention sinks, every second layer slides, experts with biases and stored (experts, in, out). */

import type { Blueprint } from "../tree/blueprint.js";
import { topKRouter, transposedExperts, router } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import { layerTypes, windowOf } from "../blocks/sliding-window.js";
import { container } from "../tree/vocabulary.js";

export const gptOss: Blueprint = {
  modelType: "gpt_oss",
  build: (config, context) => {
    const experts = config.size(["num_local_experts", "num_experts"], 128);
    const layers = config.layerCount("num_hidden_layers", 36);
    const types = layerTypes(config, layers, (index) =>
      index % 2 === 0 ? "sliding_attention" : "full_attention",
    );
    const routing = topKRouter(config, context, { chosen: 4, normalizes: false });
    const forward =
      routing === undefined ? undefined : { ...routing, softmaxLast: "as_scored" as const };
    return llamaLike(
      {
        modelType: "gpt_oss",
        neverQuantized: ["post_attention_layernorm", "input_layernorm", "norm"],
        prefix: "GptOss",
        taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
        defaults: {
          vocabSize: 201088,
          hiddenSize: 2880,
          intermediateSize: 2880,
          layers: 36,
          heads: 64,
          keyValueHeads: 8,
          headDim: 64,
        },
        attentionBias: config.boolean("attention_bias", true),
        sinks: true,
        norm: "scale_before_cast",
        rotary: "halves",
        makeRotary: ({ headDim }) =>
          rotaryEmbedding("GptOssRotaryEmbedding", headDim, { isHalved: true }),
        layerTypes: types,
        slidingWindow: windowOf(config, types, 128),
        tied: config.boolean("tie_word_embeddings", false),
        makeMlp: (hiddenSize, intermediateSize) =>
          container("mlp", "GptOssMLP", {
            forward: {
              kind: "sparse_mlp",
              router: "router",
              experts: "experts",
              returnsWeights: true,
            },
            children: [
              router(
                "router",
                { type: "GptOssTopKRouter", experts, hiddenSize },
                { bias: true, forward },
              ),
              transposedExperts({ type: "GptOssExperts", experts, hiddenSize, intermediateSize }),
            ],
          }),
        isCountedOnly: routing === undefined,
      },
      config,
      context,
    );
  },
};
