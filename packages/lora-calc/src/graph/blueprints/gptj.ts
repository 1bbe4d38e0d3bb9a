/** GPT-J and CodeGen: attention and MLP side by side behind one norm; CodeGen has one projection for q, k and v. */

import { activation } from "../blocks/activation.js";
import { languageModel } from "../blocks/language-model.js";
import { activationModule } from "../blocks/mlp.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { LanguageModelParts } from "../blocks/language-model.js";
import {
  buffer,
  container,
  embedding,
  layerNorm,
  leaf,
  linear,
  repeated,
} from "../tree/vocabulary.js";

type Kind = Pick<LanguageModelParts, "modelType" | "prefix" | "taskHeads"> & {
  readonly isFused: boolean;
};

function parallelGpt({ isFused, ...kind }: Kind): Blueprint {
  return {
    modelType: kind.modelType,
    build: (config, context) => {
      const { prefix } = kind;
      const hiddenSize = config.size(["n_embd", "hidden_size"], 4096);
      const vocabSize = config.size("vocab_size", 50400);
      const innerSize = config.optionalSize("n_inner") ?? 4 * hiddenSize;
      const positions = config.size(["n_positions", "max_position_embeddings"], 2048);
      const rotaryDim = config.isNull("rotary_dim") ? hiddenSize : config.size("rotary_dim", 64);
      const square = (name: string) => linear(name, hiddenSize, hiddenSize);
      const block = container("0", `${prefix}Block`, {
        children: [
          layerNorm("ln_1", hiddenSize),
          container("attn", `${prefix}Attention`, {
            buffers: [buffer("embed_positions", [positions, rotaryDim])],
            children: [
              leaf("attn_dropout", "Dropout"),
              leaf("resid_dropout", "Dropout"),
              ...(isFused
                ? [linear("qkv_proj", hiddenSize, 3 * hiddenSize)]
                : ["k_proj", "v_proj", "q_proj"].map(square)),
              square("out_proj"),
            ],
          }),
          container("mlp", `${prefix}MLP`, {
            children: [
              linear("fc_in", hiddenSize, innerSize, { bias: true }),
              linear("fc_out", innerSize, hiddenSize, { bias: true }),
              activationModule("act", activation(config, "activation_function", "gelu_new")),
              leaf("dropout", "Dropout"),
            ],
          }),
        ],
      });
      return languageModel(
        {
          ...kind,
          backbone: "transformer",
          hiddenSize,
          vocabSize,
          headBias: true,
          tied: config.boolean("tie_word_embeddings", false),
          forward: { kind: "decoder", tokenEmbedding: "wte", layers: "h" },
          children: [
            embedding("wte", vocabSize, hiddenSize),
            leaf("drop", "Dropout"),
            repeated("h", config.layerCount(["n_layer", "num_hidden_layers"], 28), block),
            layerNorm("ln_f", hiddenSize),
          ],
          isCountedOnly: true,
        },
        config,
        context,
      );
    },
  };
}

export const gptj: Blueprint = parallelGpt({
  modelType: "gptj",
  prefix: "GPTJ",
  taskHeads: ["ForSequenceClassification", "ForQuestionAnswering"],
  isFused: false,
});

export const codegen: Blueprint = parallelGpt({
  modelType: "codegen",
  prefix: "CodeGen",
  taskHeads: [],
  isFused: true,
});
