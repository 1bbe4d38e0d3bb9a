/** MiniMax-01: lightning attention in every other layer, experts in all of them. */

import type { Config } from "../../model/config.js";
import { activation } from "../blocks/activation.js";
import { routedMlp } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { Sizes } from "../blocks/llama/sizes.js";
import { activationModule } from "../blocks/mlp.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, linear, persistentBuffer, rmsNorm } from "../tree/vocabulary.js";

export const minimax: Blueprint = {
  modelType: "minimax",
  build: (config, context) => {
    const experts = config.size(["num_local_experts", "num_experts"], 8);
    const types = config.stringList("layer_types");
    const isLinear = (index: number): boolean =>
      types === undefined ? index % 2 === 1 : types[index] === "linear_attention";
    return llamaLike(
      {
        modelType: "minimax",
        prefix: "MiniMax",
        questionAnsweringBackbone: "model",
        defaults: {
          vocabSize: 32000,
          hiddenSize: 4096,
          intermediateSize: 14336,
          layers: 32,
          heads: 32,
          keyValueHeads: 8,
        },
        tied: config.boolean("tie_word_embeddings", false),
        layerKey: (index) => String(isLinear(index)),
        makeAttention: (sizes, index) =>
          isLinear(index) ? lightningAttention(config, sizes) : undefined,
        hasNoMlp: true,
        layerTail: ({ hiddenSize, intermediateSize }) => [
          routedMlp(
            "MiniMax",
            { experts, hiddenSize, intermediateSize },
            activation(config, "hidden_act", "silu"),
          ),
        ],
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};

/** Blocks of positions with how fast each head forgets, in tables that are saved with the weights. */
function lightningAttention(config: Config, { hiddenSize, heads, headDim }: Sizes): ModuleNode {
  const block = config.size("block_size", 256);
  const width = heads * headDim;
  return container("self_attn", "MiniMaxLightningAttention", {
    buffers: [
      persistentBuffer("slope_rate", [heads, 1, 1], "model"),
      persistentBuffer("query_decay", [heads, block, 1], "model"),
      persistentBuffer("key_decay", [heads, block, 1], "model"),
      persistentBuffer("diagonal_decay", [1, heads, block, block], "model"),
    ],
    children: [
      activationModule("act_fn", activation(config, "hidden_act", "silu")),
      rmsNorm("norm", "MiniMaxRMSNorm", width),
      linear("qkv_proj", hiddenSize, 3 * width),
      linear("out_proj", width, hiddenSize),
      linear("output_gate", hiddenSize, width),
    ],
  });
}
