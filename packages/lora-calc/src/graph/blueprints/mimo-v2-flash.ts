/** MiMo-V2-Flash: twice the key and value heads in sliding layers, values narrower than keys, experts without a shared one. */

import { activation } from "../blocks/activation.js";
import { denseLayers } from "../blocks/dense-layers.js";
import { areFused, expertsWithShared, router } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { Sizes } from "../blocks/llama/sizes.js";
import { sharedRotary } from "../blocks/rotary.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { Config } from "../../model/config.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, linear } from "../tree/vocabulary.js";

const PREFIX = "MiMoV2Flash";
/** Source: transformers models/mimo_v2_flash/configuration_mimo_v2_flash.py. */
const ROTARY_SHARES = { full_attention: 0.334, sliding_attention: 0.334 } as const;

export const mimoV2Flash: Blueprint = {
  modelType: "mimo_v2_flash",
  build: (config, context) => {
    const experts = config.size(["n_routed_experts", "num_local_experts"], 256);
    const width = config.size("moe_intermediate_size", 2048);
    const layerTypes = config.stringList("layer_types");
    const isDense = denseLayers(config, 1);
    // The first layer and every sixth see everything.
    const isSliding = (index: number): boolean =>
      layerTypes === undefined
        ? index !== 0 && (index + 1) % 6 !== 0
        : layerTypes[index] === "sliding_attention";
    return llamaLike(
      {
        modelType: "mimo_v2_flash",
        prefix: PREFIX,
        taskHeads: [],
        defaults: {
          vocabSize: 152576,
          hiddenSize: 4096,
          intermediateSize: 16384,
          layers: 48,
          heads: 64,
          keyValueHeads: 4,
          headDim: 192,
        },
        tied: config.boolean("tie_word_embeddings", false),
        makeRotary: ({ headDim }) =>
          sharedRotary(`${PREFIX}RotaryEmbedding`, headDim, ROTARY_SHARES),
        layerKey: (index) => `${isDense(index)} ${isSliding(index)}`,
        makeAttention: (sizes, index) => attention(config, sizes, isSliding(index)),
        makeMlp: (hiddenSize, _, index) =>
          isDense(index)
            ? undefined
            : expertsWithShared({
                prefix: PREFIX,
                type: `${PREFIX}MoE`,
                experts,
                hiddenSize,
                intermediateSize: width,
                sharedWidth: 0,
                activation: activation(config, "hidden_act", "silu"),
                gate: router(
                  "gate",
                  { type: `${PREFIX}TopkRouter`, experts, hiddenSize },
                  { corrects: true, keepsFp32: context.world.rules.keepsRoutersFp32 },
                ),
                isFused: areFused(context),
              }),
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};

function attention(
  config: Config,
  { hiddenSize, heads, keyValueHeads, headDim }: Sizes,
  isSliding: boolean,
): ModuleNode {
  const bias = config.boolean("attention_bias", false);
  const valueDim = config.size("v_head_dim", 128);
  const pairs = isSliding ? 2 * keyValueHeads : keyValueHeads;
  return container("self_attn", `${PREFIX}Attention`, {
    parameters: isSliding ? [{ name: "sinks", shape: [heads] }] : [],
    children: [
      linear("q_proj", hiddenSize, heads * headDim, { bias }),
      linear("k_proj", hiddenSize, pairs * headDim, { bias }),
      linear("v_proj", hiddenSize, pairs * valueDim, { bias }),
      linear("o_proj", heads * valueDim, hiddenSize),
    ],
  });
}
