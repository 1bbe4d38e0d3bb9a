/**
 * Corners of counting on small models. Every pair of numbers was printed by conformance/count.py in the usual world,
 * on the meta device.
 */

import { describe, expect, it } from "vitest";
import { estimate } from "../estimate.js";
import type { JsonObject } from "../problem/fields.js";
import { isRefusal } from "../result.js";

const SIZES = {
  num_hidden_layers: 2,
  hidden_size: 64,
  intermediate_size: 128,
  num_attention_heads: 4,
  vocab_size: 100,
};
const LLAMA = { config: { model_type: "llama", ...SIZES } };
const LLAMA_OF_3 = { config: { model_type: "llama", ...SIZES, num_hidden_layers: 3 } };
const QWEN2 = { config: { model_type: "qwen2", ...SIZES, num_key_value_heads: 2 } };
const QWEN2_TIED = { config: { ...QWEN2.config, tie_word_embeddings: true } };
const BERT = { model_type: "bert", ...SIZES };
const ROBERTA = { model_type: "roberta", ...SIZES };
const VIT = { config: { model_type: "vit" }, architecture: "ViTForImageClassification" };
const GPT2 = {
  config: { model_type: "gpt2", n_layer: 2, n_embd: 64, n_head: 4, vocab_size: 100 },
};
const MIXTRAL = {
  config: { model_type: "mixtral", ...SIZES, num_hidden_layers: 4, num_key_value_heads: 2 },
};

function counted(model: JsonObject, adapter: JsonObject): readonly [number, number] {
  const result = estimate({ model: { ties: "config", ...model }, adapter });
  if (isRefusal(result)) throw new Error(result.error.message);
  return [result.parameters.trainable, result.parameters.all];
}

describe("LoRA", () => {
  it.each<[string, JsonObject, JsonObject, number, number]>([
    [
      "replicates layers of an encoder",
      { config: { model_type: "bert" } },
      {
        r: 8,
        target_modules: ["query"],
        layer_replication: [
          [0, 12],
          [3, 5],
        ],
      },
      172_032,
      109_686_330,
    ],
    [
      "leaves the classifier out of all-linear for SEQ_CLS",
      { ...LLAMA, architecture: "LlamaForSequenceClassification" },
      { r: 8, target_modules: "all-linear", task_type: "SEQ_CLS" },
      17_536,
      106_304,
    ],
    [
      "adapts the classifier without a task",
      { ...LLAMA, architecture: "LlamaForSequenceClassification" },
      { r: 8, target_modules: "all-linear" },
      17_936,
      106_704,
    ],
    [
      "adapts the experts of one layer",
      MIXTRAL,
      { r: 8, target_modules: ["q_proj"], target_parameters: ["layers.3.mlp.experts.down_proj"] },
      16_384,
      867_392,
    ],
    [
      "gives a tied head the rank of its embedding",
      GPT2,
      {
        r: 8,
        target_modules: ["wte", "c_attn"],
        ensure_weight_tying: true,
        rank_pattern: { wte: 4 },
      },
      4752,
      176_784,
    ],
    [
      "does not ask for the head's own rank",
      GPT2,
      {
        r: 8,
        target_modules: ["wte", "c_attn"],
        ensure_weight_tying: true,
        rank_pattern: { lm_head: 4 },
      },
      5408,
      177_440,
    ],
    [
      "adapts the embedding of a head that a pattern hits",
      GPT2,
      { r: 8, target_modules: "lm_head|.*c_attn", ensure_weight_tying: true },
      6720,
      178_752,
    ],
    [
      "unfreezes the biases of what it adapts",
      { config: ROBERTA, architecture: "RobertaForMaskedLM" },
      { r: 8, target_modules: ["decoder", "query"], bias: "lora_only" },
      3588,
      114_116,
    ],
    [
      "unfreezes a tied bias once",
      { config: ROBERTA, architecture: "RobertaForMaskedLM" },
      { r: 8, target_modules: ["query"], bias: "all" },
      3492,
      112_804,
    ],
    [
      "copies what lies inside a copy once",
      { config: BERT, architecture: "BertForMaskedLM" },
      { r: 8, target_modules: ["query"], modules_to_save: ["output", "dense"] },
      48_192,
      183_780,
    ],
    [
      "copies twice for tokens",
      { config: BERT, architecture: "BertForTokenClassification" },
      {
        r: 8,
        target_modules: ["query"],
        modules_to_save: ["intermediate", "output", "dense"],
        task_type: "TOKEN_CLS",
      },
      85_634,
      233_604,
    ],
    [
      "copies the whole model where a name hits its wrapper",
      { config: BERT, architecture: "BertForTokenClassification" },
      { r: 8, target_modules: ["query"], modules_to_save: ["model"], task_type: "TOKEN_CLS" },
      217_092,
      325_638,
    ],
  ])("%s", (_, model, adapter, trainable, all) => {
    expect(counted(model, adapter)).toEqual([trainable, all]);
  });
});

describe("other methods", () => {
  it.each<[string, JsonObject, JsonObject, number, number]>([
    [
      "LoHa on a convolution, by its kernel",
      VIT,
      {
        peft_type: "LOHA",
        r: 4,
        target_modules: ["projection"],
        use_effective_conv2d: true,
      },
      14_360,
      85_814_554,
    ],
    [
      "LoKr on a convolution, by its kernel",
      VIT,
      {
        peft_type: "LOKR",
        r: 4,
        target_modules: ["projection"],
        use_effective_conv2d: true,
      },
      4260,
      85_804_454,
    ],
    [
      "IA3 on a convolution as feed-forward",
      VIT,
      {
        peft_type: "IA3",
        target_modules: ["projection"],
        feedforward_modules: ["projection"],
      },
      3,
      85_800_197,
    ],
    [
      "WaveFT by the table of one layer",
      { config: { ...QWEN2.config, num_hidden_layers: 4 } },
      {
        peft_type: "WAVEFT",
        n_frequency: 100,
        n_frequency_pattern: { "layers.1.self_attn.q_proj": 7 },
        target_modules: ["q_proj", "v_proj", "down_proj"],
      },
      1107,
      162_451,
    ],
    [
      "WaveFT shared out by size",
      QWEN2,
      {
        peft_type: "WAVEFT",
        n_frequency: 100,
        proportional_parameters: true,
        target_modules: ["q_proj", "v_proj", "down_proj"],
      },
      600,
      87_704,
    ],
    [
      "an adaption prompt in the last two layers",
      LLAMA_OF_3,
      {
        peft_type: "ADAPTION_PROMPT",
        adapter_len: 10,
        adapter_layers: 2,
        target_modules: "self_attn",
        task_type: "CAUSAL_LM",
      },
      1282,
      137_410,
    ],
    [
      "a prefix that a network makes",
      LLAMA_OF_3,
      {
        peft_type: "PREFIX_TUNING",
        num_virtual_tokens: 5,
        prefix_projection: true,
        encoder_hidden_size: 32,
        task_type: "CAUSAL_LM",
      },
      15_072,
      151_200,
    ],
    [
      "single tokens of an embedding and its tied head, both named",
      QWEN2_TIED,
      {
        peft_type: "TRAINABLE_TOKENS",
        token_indices: [1, 2, 3],
        target_modules: ["embed_tokens", "lm_head"],
      },
      384,
      81_088,
    ],
  ])("%s", (_, model, adapter, trainable, all) => {
    expect(counted(model, adapter)).toEqual([trainable, all]);
  });
});
