/** StarCoder 2: LayerNorms, biases everywhere, an MLP of two projections named as in GPT-2, tied head. */

import { activation } from "../blocks/activation.js";
import type { Blueprint } from "../tree/blueprint.js";
import { llamaLike } from "../blocks/llama-like.js";
import { activationModule, plainMlp } from "../blocks/mlp.js";
import { layerNorm } from "../tree/vocabulary.js";

export const starcoder2: Blueprint = {
  modelType: "starcoder2",
  build: (config, context) => {
    const bias = config.boolean("use_bias", true);
    const act = activation(config, "hidden_act", "gelu_pytorch_tanh");
    const dropout = config.number("residual_dropout", 0);
    const window = config.optionalSize("sliding_window");
    return llamaLike(
      {
        modelType: "starcoder2",
        prefix: "Starcoder2",
        taskHeads: ["ForSequenceClassification", "ForTokenClassification"],
        defaults: {
          vocabSize: 49152,
          hiddenSize: 3072,
          intermediateSize: 12288,
          layers: 30,
          heads: 24,
          keyValueHeads: 2,
        },
        attentionBias: bias,
        tied: config.boolean("tie_word_embeddings", true),
        makeNorm: (name, size) => layerNorm(name, size),
        makeMlp: (hiddenSize, intermediateSize) =>
          plainMlp({
            type: "Starcoder2MLP",
            ...{ up: "c_fc", down: "c_proj", hiddenSize, intermediateSize, bias },
            activation: activationModule("act", act),
            program: { activation: act, dropout },
          }),
        sublayerDropout: dropout,
        embeddingDropout: config.number("embedding_dropout", 0),
        ...(window === undefined ? {} : { slidingWindow: () => window }),
      },
      config,
      context,
    );
  },
};
