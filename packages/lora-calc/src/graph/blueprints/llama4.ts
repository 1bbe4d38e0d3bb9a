/** Llama 4 (Scout, Maverick): experts and one MLP for all tokens, in every layer or every other. */

import type { Config } from "../../model/config.js";
import { activation } from "../blocks/activation.js";
import { decoderSizes, languageModel, USUAL_DECODER } from "../blocks/language-model.js";
import type { LanguageModelParts } from "../blocks/language-model-parts.js";
import { llama4Vision } from "../blocks/llama4-vision.js";
import { activationModule } from "../blocks/mlp.js";
import { modelOfClass } from "../blocks/model-classes.js";
import { rotaryEmbedding } from "../blocks/rotary.js";
import type { Blueprint } from "../tree/blueprint.js";
import type { ModuleNode } from "../tree/module-graph.js";
import { container, embedding, linear, repeatedBy, rmsNorm } from "../tree/vocabulary.js";

const CAUSAL = "Llama4ForCausalLM";
const SEEING = "Llama4ForConditionalGeneration";

export const llama4Text: Blueprint = {
  modelType: "llama4_text",
  build: (config, context) => languageModel(textParts(config), config, context),
};

export const llama4: Blueprint = {
  modelType: "llama4",
  build: (config, context) => {
    const text = config.nested("text_config");
    const language = textParts(text);
    // Without a class AutoModelForCausalLM takes the language part alone.
    if ((context.className ?? CAUSAL) === CAUSAL) {
      return languageModel(language, text, { ...context, className: CAUSAL });
    }
    const { hiddenSize, vocabSize, tied } = language;
    const vision = config.nested("vision_config");
    const word = "language_model.model.embed_tokens";
    const seen = vision.size("vision_output_dim", 7680);
    const built = modelOfClass(
      {
        modelType: "llama4",
        usual: SEEING,
        classOfTask: { CAUSAL_LM: SEEING },
        // PEFT looks for the word embedding in the first model inside, which sees.
        sizes: { ...decoderSizes(language), hidesEmbedding: true },
        classes: {
          [CAUSAL]: () => ({ children: [] }),
          [SEEING]: () => ({
            children: [
              llama4Vision(vision),
              container("multi_modal_projector", "Llama4MultiModalProjector", {
                children: [linear("linear_1", seen, hiddenSize)],
              }),
              container("language_model", CAUSAL, {
                children: [
                  container("model", "Llama4TextModel", { children: language.children }),
                  linear(
                    "lm_head",
                    hiddenSize,
                    vocabSize,
                    tied ? { tiedTo: `${word}.weight` } : {},
                  ),
                ],
              }),
            ],
            inputEmbedding: word,
            outputEmbedding: "language_model.lm_head",
            ...(tied ? { tied: [`${word}.weight`, "language_model.lm_head.weight"] } : {}),
            hidesTies: true,
          }),
        },
      },
      context,
    );
    return { ...built, stops: stopOf(context.world.rules.asksTextForImages) };
  },
};

/** Source: transformers 5.24 models/llama4/modeling_llama4.py `Llama4ForConditionalGeneration.forward`. */
function stopOf(asksTextForImages: boolean): string {
  const stop = asksTextForImages
    ? `transformers stops in ${SEEING} (AttributeError: 'MoeCausalLMOutputWithPast' object has no attribute 'image_outputs')`
    : `the forward pass of ${SEEING} is not modelled`;
  return `${stop}; set model.architecture to ${CAUSAL}, which AutoModelForCausalLM loads and which holds the text alone`;
}

interface Sizes {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
}

function textParts(config: Config): LanguageModelParts {
  const hiddenSize = config.size("hidden_size", 5120);
  const heads = config.size("num_attention_heads", 40);
  const sizes: Sizes = {
    hiddenSize,
    heads,
    keyValueHeads: config.isNull("num_key_value_heads")
      ? heads
      : config.size("num_key_value_heads", 8),
    headDim: config.isNull("head_dim")
      ? config.divide("hidden_size", hiddenSize, heads)
      : config.size("head_dim", 128),
  };
  const layers = config.layerCount("num_hidden_layers", 48);
  const vocabSize = config.size("vocab_size", 202048);
  const hasExperts = expertLayers(config);
  const rotates = rotatingLayers(config);
  const norm = (name: string) => rmsNorm(name, "Llama4TextRMSNorm", hiddenSize, "scaled_last");
  const types = layerTypes(config, layers, rotates);
  const dense = config.size("intermediate_size_mlp", 16384);
  const layer = (index: number) =>
    container("0", "Llama4TextDecoderLayer", {
      forward: {
        kind: "decoder_layer",
        ...{ attention: "self_attn", mlp: "feed_forward" },
        ...{ preAttentionNorm: "input_layernorm", preMlpNorm: "post_attention_layernorm" },
        namesAttended: true,
      },
      children: [
        attention(config, sizes, rotates(index)),
        hasExperts(index)
          ? experts(config, hiddenSize)
          : mlp("feed_forward", config, hiddenSize, dense),
        norm("input_layernorm"),
        norm("post_attention_layernorm"),
      ],
    });
  return {
    modelType: "llama4_text",
    prefix: "Llama4",
    backbone: "model",
    backboneType: "Llama4TextModel",
    taskHeads: [],
    hiddenSize,
    keyValueSize: sizes.keyValueHeads * sizes.headDim,
    vocabSize,
    tied: config.boolean("tie_word_embeddings", false),
    forward: {
      ...USUAL_DECODER,
      layerTypes: types,
      chunk: config.size("attention_chunk_size", 8192),
    },
    hidesBackbone: "language_model",
    children: [
      embedding("embed_tokens", vocabSize, hiddenSize),
      repeatedBy(
        "layers",
        layers,
        (index) => `${hasExperts(index)} ${rotates(index)}`,
        (_, index) => layer(index),
      ),
      norm("norm"),
      rotaryEmbedding("Llama4TextRotaryEmbedding", sizes.headDim, { isComplex: true }),
    ],
    // Layers of one kind alone are no published shape, and other masks would be made.
    ...(new Set(types).size === 2 ? {} : { isCountedOnly: true }),
  };
}

/** As listed, else every `interleave_moe_layer_step`th. */
function expertLayers(config: Config): (index: number) => boolean {
  const listed = config.integerList("moe_layers");
  const step = config.size("interleave_moe_layer_step", 1);
  return (index) => (listed === undefined ? (index + 1) % step === 0 : listed.includes(index));
}

/** All but every `no_rope_layer_interval`th, unless listed with ones and zeros. */
function rotatingLayers(config: Config): (index: number) => boolean {
  const listed = config.integerList("no_rope_layers") ?? [];
  const interval = config.size("no_rope_layer_interval", 4);
  return (index) => (listed.length === 0 ? (index + 1) % interval !== 0 : listed[index] !== 0);
}

type LayerType = "full_attention" | "chunked_attention";

/** As listed, else chunks where positions are turned. */
function layerTypes(
  config: Config,
  layers: number,
  rotates: (index: number) => boolean,
): readonly LayerType[] {
  const listed = config.stringList("layer_types");
  const isWhole = config.isNull("attention_chunk_size");
  return Array.from({ length: layers }, (_, index) => {
    const isChunked =
      listed === undefined ? rotates(index) && !isWhole : listed[index] === "chunked_attention";
    return isChunked ? "chunked_attention" : "full_attention";
  });
}

function attention(config: Config, sizes: Sizes, rotates: boolean): ModuleNode {
  const { hiddenSize, heads, keyValueHeads, headDim } = sizes;
  const bias = config.boolean("attention_bias", false);
  const isNormed = rotates && config.boolean("use_qk_norm", true);
  return container("self_attn", "Llama4TextAttention", {
    forward: {
      kind: "unmoved_attention",
      ...{ query: "q_proj", key: "k_proj", value: "v_proj", output: "o_proj" },
      ...{ heads, keyValueHeads, headDim, rotates },
      attentionDropout: config.number("attention_dropout", 0),
      softmaxInScoreDtype: true,
      leavesSharesUncast: true,
      ...(isNormed ? { norm: "qk_norm" } : {}),
      tempers: !rotates && config.boolean("attn_temperature_tuning", true),
    },
    children: [
      linear("q_proj", hiddenSize, heads * headDim, { bias }),
      linear("k_proj", hiddenSize, keyValueHeads * headDim, { bias }),
      linear("v_proj", hiddenSize, keyValueHeads * headDim, { bias }),
      linear("o_proj", heads * headDim, hiddenSize, { bias }),
      isNormed
        ? container("qk_norm", "Llama4TextL2Norm", {
            forward: { kind: "rms_norm", variant: "unscaled" },
          })
        : undefined,
    ],
  });
}

function mlp(name: string, config: Config, hiddenSize: number, width: number): ModuleNode {
  const act = activation(config, "hidden_act", "silu");
  return container(name, "Llama4TextMLP", {
    forward: {
      ...{ kind: "gated_mlp", gate: "gate_proj", up: "up_proj", down: "down_proj" },
      activation: act,
    },
    children: [
      linear("gate_proj", hiddenSize, width),
      linear("up_proj", hiddenSize, width),
      linear("down_proj", width, hiddenSize),
      activationModule("activation_fn", act),
    ],
  });
}

/** Weights are stored (experts, in, out), which the class does not say: PEFT takes them for (experts, out, in). */
function experts(config: Config, hiddenSize: number): ModuleNode {
  const count = config.size("num_local_experts", 16);
  const width = config.size("intermediate_size", 8192);
  const act = activation(config, "hidden_act", "silu");
  return container("feed_forward", "Llama4TextMoe", {
    forward: {
      kind: "all_experts_mlp",
      ...{ router: "router", experts: "experts", shared: "shared_expert" },
      chosen: config.size("num_experts_per_tok", 1),
    },
    children: [
      container("experts", "Llama4TextExperts", {
        forward: {
          ...{ kind: "experts", gateUp: "gate_up_proj", down: "down_proj" },
          ...{ activation: act, computesAll: true },
        },
        parameters: [
          { name: "gate_up_proj", shape: [count, hiddenSize, 2 * width] },
          { name: "down_proj", shape: [count, width, hiddenSize] },
        ],
        children: [activationModule("act_fn", act)],
      }),
      {
        ...linear("router", hiddenSize, count, { type: "Llama4Router" }),
        forward: { kind: "choosing_linear" },
      },
      mlp("shared_expert", config, hiddenSize, width),
    ],
  });
}
