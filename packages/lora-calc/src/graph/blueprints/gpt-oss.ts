/** gpt-oss: attention sinks, every second layer slides, experts with biases and stored (experts, in, out). */

import type { Blueprint } from "../blueprint.js";
import { router, transposedExperts } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import { container } from "../vocabulary.js";

export const gptOss: Blueprint = {
  modelType: "gpt_oss",
  build: (config, context) => {
    const experts = config.size(["num_local_experts", "num_experts"], 128);
    const heads = config.size("num_attention_heads", 64);
    return llamaLike(
      {
        modelType: "gpt_oss",
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
        attentionParameters: [{ name: "sinks", shape: [heads] }],
        tied: config.boolean("tie_word_embeddings", false),
        makeMlp: (hiddenSize, intermediateSize) =>
          container("mlp", "GptOssMLP", {
            children: [
              router("router", { type: "GptOssTopKRouter", experts, hiddenSize }, { bias: true }),
              transposedExperts({ type: "GptOssExperts", experts, hiddenSize, intermediateSize }),
            ],
          }),
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};
