/** Llama 3.2 Vision: llama with layers in between that look at the image, behind gates. */

import type { Config } from "../../model/config.js";
import { mllamaVision } from "../blocks/mllama-vision.js";
import { gatedMlp } from "../blocks/mlp.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import { visionLanguage } from "../blocks/vision-language.js";
import { USUAL_DECODER } from "../blocks/language-model.js";
import type { LanguageModelParts } from "../blocks/language-model.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, embedding, linear, repeatedBy, rmsNorm } from "../tree/vocabulary.js";

const CROSS_LAYERS = [3, 8, 13, 18, 23, 28, 33, 38];
/** Tokens for images, which the head cannot say. */
const IMAGE_TOKENS = 8;

export const mllama: Blueprint = {
  modelType: "mllama",
  build: (config, context) => {
    const vision = config.nested("vision_config");
    const language = textParts(config.nested("text_config"));
    const seen = vision.size("vision_output_dim", 7680);
    return visionLanguage(
      {
        modelType: "mllama",
        prefix: "Mllama",
        vision: [mllamaVision(vision)],
        language,
        behind: [linear("multi_modal_projector", seen, language.hiddenSize, { bias: true })],
        tied: false,
        hidesEmbedding: true,
      },
      config,
      context,
    );
  },
};

function textParts(config: Config): LanguageModelParts {
  const hiddenSize = config.size("hidden_size", 4096);
  const heads = config.size("num_attention_heads", 32);
  const headDim = config.divide("hidden_size", hiddenSize, heads);
  const keys = config.size("num_key_value_heads", 8) * headDim;
  const vocabSize = config.size("vocab_size", 128256);
  const crosses = config.integerList("cross_attention_layers") ?? CROSS_LAYERS;
  const norm = (name: string, size = hiddenSize) => rmsNorm(name, "MllamaTextRMSNorm", size);
  const attention = (name: string, type: string, tail: readonly ModuleNode[]) =>
    container(name, type, {
      children: [
        linear("q_proj", hiddenSize, heads * headDim),
        linear("k_proj", hiddenSize, keys),
        linear("v_proj", hiddenSize, keys),
        linear("o_proj", heads * headDim, hiddenSize),
        ...tail,
      ],
    });
  const rest = [
    gatedMlp({
      type: "MllamaTextMLP",
      hiddenSize,
      intermediateSize: config.size("intermediate_size", 14336),
      activation: "silu",
    }),
    norm("input_layernorm"),
    norm("post_attention_layernorm"),
  ];
  const [mlp, inputNorm, mlpNorm] = rest;
  const own = container("0", "MllamaSelfAttentionDecoderLayer", {
    children: [attention("self_attn", "MllamaTextSelfAttention", []), ...rest],
  });
  const cross = container("0", "MllamaCrossAttentionDecoderLayer", {
    parameters: [
      { name: "cross_attn_attn_gate", shape: [1] },
      { name: "cross_attn_mlp_gate", shape: [1] },
    ],
    children: [
      attention("cross_attn", "MllamaTextCrossAttention", [
        norm("q_norm", headDim),
        norm("k_norm", headDim),
      ]),
      inputNorm,
      mlp,
      mlpNorm,
    ],
  });
  return {
    modelType: "mllama_text_model",
    prefix: "MllamaText",
    backbone: "model",
    hiddenSize,
    keyValueSize: keys,
    vocabSize,
    tied: false,
    forward: USUAL_DECODER,
    children: [
      embedding("embed_tokens", vocabSize + IMAGE_TOKENS, hiddenSize),
      repeatedBy(
        "layers",
        config.layerCount("num_hidden_layers", 40),
        (index) => (crosses.includes(index) ? "cross" : "self"),
        (kind) => (kind === "cross" ? cross : own),
      ),
      norm("norm"),
      rotaryEmbedding("MllamaRotaryEmbedding", headDim),
    ],
    isCountedOnly: true,
  };
}
