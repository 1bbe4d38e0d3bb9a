/** Laguna: heads by layer, a gate on what attention gives out, experts beside one that sees every token. */

import { activation } from "../blocks/activation.js";
import { denseLayers } from "../blocks/dense-layers.js";
import { areFused, expertsWithShared, router } from "../blocks/experts.js";
import { llamaLike } from "../blocks/llama-like.js";
import type { Sizes } from "../blocks/llama/sizes.js";
import { sharedRotary } from "../blocks/rotary.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { Config } from "../../model/config.js";
import type { ModuleNode, Parameter } from "../tree/module-graph.js";
import { container, linear, rmsNorm } from "../tree/vocabulary.js";

const PREFIX = "Laguna";

export const laguna: Blueprint = {
  modelType: "laguna",
  build: (config, context) => {
    const experts = config.size(["num_experts", "num_local_experts"], 256);
    const width = config.size("moe_intermediate_size", 512);
    const sharedWidth = config.size("shared_expert_intermediate_size", 512);
    const isDense = denseLayers(config, 1);
    const heads = config.sizes("num_attention_heads_per_layer");
    return llamaLike(
      {
        modelType: "laguna",
        prefix: PREFIX,
        taskHeads: [],
        defaults: {
          vocabSize: 100352,
          hiddenSize: 2048,
          intermediateSize: 8192,
          layers: 40,
          heads: 48,
          keyValueHeads: 8,
          headDim: 128,
        },
        tied: config.boolean("tie_word_embeddings", false),
        makeRotary: ({ headDim }) => {
          const isSliding = config.stringList("layer_types")?.includes("sliding_attention");
          const shares = { full_attention: 0.5, ...(isSliding ? { sliding_attention: 1 } : {}) };
          return sharedRotary(`${PREFIX}RotaryEmbedding`, headDim, shares);
        },
        layerKey: (index) => `${isDense(index)} ${heads?.[index]}`,
        makeAttention: (sizes, index) =>
          gatedAttention(config, sizes, heads?.[index] ?? sizes.heads),
        makeMlp: (hiddenSize, _, index) => {
          if (isDense(index)) return undefined;
          const gate = router("gate", { type: `${PREFIX}TopKRouter`, experts, hiddenSize });
          const correction: Parameter = {
            ...{ name: "e_score_correction_bias", shape: [experts] },
            isFrozen: true,
          };
          return expertsWithShared({
            prefix: PREFIX,
            type: `${PREFIX}SparseMoeBlock`,
            experts,
            hiddenSize,
            intermediateSize: width,
            sharedWidth,
            activation: activation(config, "hidden_act", "silu"),
            gate: { ...gate, parameters: [...gate.parameters, correction] },
            isFused: areFused(context),
          });
        },
        isCountedOnly: true,
      },
      config,
      context,
    );
  },
};

/** The gate has a value per head, or per channel of every head. */
function gatedAttention(
  config: Config,
  { hiddenSize, keyValueHeads, headDim }: Sizes,
  heads: number,
): ModuleNode {
  const bias = config.boolean("attention_bias", false);
  const gating = config.fields.get("gating") ?? true;
  const isPerHead = gating === true || gating === "per-head";
  const norm = (name: string): ModuleNode => rmsNorm(name, `${PREFIX}RMSNorm`, headDim);
  return container("self_attn", `${PREFIX}Attention`, {
    children: [
      linear("q_proj", hiddenSize, heads * headDim, { bias }),
      linear("k_proj", hiddenSize, keyValueHeads * headDim, { bias }),
      linear("v_proj", hiddenSize, keyValueHeads * headDim, { bias }),
      linear("o_proj", heads * headDim, hiddenSize, { bias }),
      norm("q_norm"),
      norm("k_norm"),
      linear("g_proj", hiddenSize, isPerHead ? heads : heads * headDim),
    ],
  });
}
