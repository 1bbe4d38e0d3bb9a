/** Llama 3.2 Vision: llama with layers in between that look at the image, behind gates. */

import type { Config } from "../../model/config.js";
import { mllamaVision } from "../blocks/mllama-vision.js";
import { groupedQueryAttention } from "../blocks/attention.js";
import { gatedMlp } from "../blocks/mlp.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import { visionLanguage } from "../blocks/vision-language.js";
import { USUAL_DECODER } from "../blocks/language-model.js";
import type { LanguageModelParts } from "../blocks/language-model-parts.js";
import type { Blueprint } from "../tree/blueprint.js";
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
        textOnly: { embedsInside: true },
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
  const keyValueHeads = config.size("num_key_value_heads", 8);
  const keys = keyValueHeads * headDim;
  const vocabSize = config.size("vocab_size", 128256);
  const crosses = config.integerList("cross_attention_layers") ?? CROSS_LAYERS;
  const norm = (name: string, size = hiddenSize) => rmsNorm(name, "MllamaTextRMSNorm", size);
  const shape = { hiddenSize, heads, keyValueHeads, headDim };
  const attentionDropout = config.number("dropout", 0);
  // Every layer has nodes of its own: a plan tells sites apart by them.
  const mlp = () =>
    gatedMlp({
      type: "MllamaTextMLP",
      hiddenSize,
      intermediateSize: config.size("intermediate_size", 14336),
      activation: "silu",
    });
  const own = container("0", "MllamaSelfAttentionDecoderLayer", {
    forward: {
      kind: "decoder_layer",
      ...{ attention: "self_attn", mlp: "mlp" },
      ...{ preAttentionNorm: "input_layernorm", preMlpNorm: "post_attention_layernorm" },
    },
    children: [
      groupedQueryAttention({
        ...{ type: "MllamaTextSelfAttention", ...shape, attentionDropout },
        ...{ rotary: "full", cuts: "after_all" },
      }),
      mlp(),
      norm("input_layernorm"),
      norm("post_attention_layernorm"),
    ],
  });
  const cross = container("0", "MllamaCrossAttentionDecoderLayer", {
    forward: { kind: "looking_layer" },
    parameters: [
      { name: "cross_attn_attn_gate", shape: [1] },
      { name: "cross_attn_mlp_gate", shape: [1] },
    ],
    children: [
      groupedQueryAttention({
        ...{ name: "cross_attn", type: "MllamaTextCrossAttention", ...shape, attentionDropout },
        tail: [norm("q_norm", headDim), norm("k_norm", headDim)],
      }),
      norm("input_layernorm"),
      mlp(),
      norm("post_attention_layernorm"),
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
  };
}
