/** ChatGLM 2 and 3, GLM-4 before transformers had it, and the first ChatGLM-6B, of other modules under the same model_type. */

import { ownCodeModel } from "./own-code-model.js";
import type { Config } from "../../../model/config.js";
import type { Blueprint, BuildContext } from "../../tree/blueprint.js";
import type { ModuleGraph, ModuleNode } from "../../tree/module-graph.js";
import {
  buffer,
  container,
  embedding,
  layerNorm,
  leaf,
  linear,
  repeated,
  rmsNorm,
} from "../../tree/vocabulary.js";

/** What the repository's AutoModel and AutoModelForCausalLM load, though `architectures` says ChatGLMModel. */
const CLASS = "ChatGLMForConditionalGeneration";
const ALSO = ["ChatGLMModel"];

/** Source: modeling_chatglm.py, `@torch.jit.script` on `apply_rotary_pos_emb`, in the first also on its GELU. */
const SCRIPTED =
  "its rotary embedding is TorchScript, which PyTorch compiles on the card after it has run twice; what such kernels keep is not modelled";

export const chatglm: Blueprint = {
  modelType: "chatglm",
  isOwnCode: true,
  runsUnder: {
    transformers: "4.57",
    elsewhere: "AttributeError: 'ChatGLMConfig' object has no attribute 'max_length'",
  },
  build: (config, context) =>
    config.has("inner_hidden_size") ? first(config, context) : later(config, context),
};

/** Half of the frequencies of one half of a head. */
function rotary(name: string, dim: number, dtype: "model" | "float16" = "model"): ModuleNode {
  return container(name, "RotaryEmbedding", {
    buffers: [buffer("inv_freq", [Math.ceil(dim / 2)], dtype)],
  });
}

function later(config: Config, context: BuildContext): ModuleGraph {
  const hiddenSize = config.size("hidden_size", 4096);
  const vocabSize = config.size("padded_vocab_size", 65_024);
  const heads = config.size("num_attention_heads", 32);
  const headDim = config.size("kv_channels", 128);
  const layers = config.layerCount("num_layers", 28);
  const isGrouped = config.boolean("multi_query_attention", false);
  const groups = isGrouped ? config.size("multi_query_group_num", 1) : heads;
  const isRms = config.boolean("rmsnorm", true);
  const norm = (name: string) =>
    isRms ? rmsNorm(name, "RMSNorm", hiddenSize) : layerNorm(name, hiddenSize);
  const block = container("0", "GLMBlock", {
    children: [
      norm("input_layernorm"),
      selfAttention(config, hiddenSize, { heads, groups, headDim }),
      norm("post_attention_layernorm"),
      gatedMlp(config, hiddenSize),
    ],
  });
  const encoder = container("encoder", "GLMTransformer", {
    children: [
      repeated("layers", layers, block),
      config.boolean("post_layer_norm", true) ? norm("final_layernorm") : undefined,
    ],
  });
  return ownCodeModel(
    {
      modelType: "chatglm",
      className: CLASS,
      alsoNamed: ALSO,
      stops: SCRIPTED,
      inputEmbedding: "transformer.embedding.word_embeddings",
      decoder: { layers, hiddenSize, keyValueSize: groups * headDim },
      children: [
        container("transformer", "ChatGLMModel", {
          children: [
            container("embedding", "Embedding", {
              children: [embedding("word_embeddings", vocabSize, hiddenSize)],
            }),
            rotary("rotary_pos_emb", Math.floor(headDim / 2)),
            encoder,
            linear("output_layer", hiddenSize, vocabSize),
          ],
        }),
      ],
    },
    context,
  );
}

interface Heads {
  readonly heads: number;
  /** Groups of heads that share keys and values. */
  readonly groups: number;
  readonly headDim: number;
}

function selfAttention(
  config: Config,
  hiddenSize: number,
  { heads, groups, headDim }: Heads,
): ModuleNode {
  const bias = config.boolean("add_bias_linear", false);
  return container("self_attention", "SelfAttention", {
    children: [
      linear("query_key_value", hiddenSize, (heads + 2 * groups) * headDim, {
        bias: bias || config.boolean("add_qkv_bias", false),
      }),
      container("core_attention", "CoreAttention", {
        children: [leaf("attention_dropout", "Dropout")],
      }),
      linear("dense", heads * headDim, hiddenSize, { bias }),
    ],
  });
}

function gatedMlp(config: Config, hiddenSize: number): ModuleNode {
  const innerSize = config.size("ffn_hidden_size", 13_696);
  const bias = config.boolean("add_bias_linear", false);
  return container("mlp", "MLP", {
    children: [
      linear("dense_h_to_4h", hiddenSize, 2 * innerSize, { bias }),
      linear("dense_4h_to_h", innerSize, hiddenSize, { bias }),
    ],
  });
}

const WORDS = "transformer.word_embeddings";

function first(config: Config, context: BuildContext): ModuleGraph {
  const hiddenSize = config.size("hidden_size", 4096);
  const innerSize = config.size("inner_hidden_size", 16_384);
  const vocabSize = config.size("vocab_size", 150_528);
  const heads = config.size("num_attention_heads", 32);
  const layers = config.layerCount("num_layers", 28);
  const isTied = config.boolean("tie_word_embeddings", true);
  const headDim = config.divide("hidden_size", hiddenSize, heads);
  // Two dimensions of positions share a head.
  const turned = config.boolean("position_encoding_2d", true) ? Math.floor(headDim / 2) : headDim;
  const affine = (name: string, from: number, to: number) => linear(name, from, to, { bias: true });
  const block = container("0", "GLMBlock", {
    children: [
      layerNorm("input_layernorm", hiddenSize),
      container("attention", "SelfAttention", {
        children: [
          rotary("rotary_emb", turned, "float16"),
          affine("query_key_value", hiddenSize, 3 * hiddenSize),
          affine("dense", hiddenSize, hiddenSize),
        ],
      }),
      layerNorm("post_attention_layernorm", hiddenSize),
      container("mlp", "GLU", {
        children: [
          affine("dense_h_to_4h", hiddenSize, innerSize),
          affine("dense_4h_to_h", innerSize, hiddenSize),
        ],
      }),
    ],
  });
  return ownCodeModel(
    {
      modelType: "chatglm",
      className: CLASS,
      alsoNamed: ALSO,
      stops: SCRIPTED,
      inputEmbedding: WORDS,
      outputEmbedding: "lm_head",
      decoder: { layers, hiddenSize, keyValueSize: hiddenSize },
      tied: isTied ? [[`${WORDS}.weight`, "lm_head.weight"]] : [],
      children: [
        container("transformer", "ChatGLMModel", {
          children: [
            embedding("word_embeddings", vocabSize, hiddenSize),
            repeated("layers", layers, block),
            layerNorm("final_layernorm", hiddenSize),
          ],
        }),
        linear("lm_head", hiddenSize, vocabSize, isTied ? { tiedTo: `${WORDS}.weight` } : {}),
      ],
    },
    context,
  );
}
