/** Adapters that one model does not take: where it is said, and in which words. */

import { expect, it } from "vitest";
import { estimate } from "../estimate.js";
import type { JsonObject } from "../problem/fields.js";
import { isRefusal } from "../result.js";

it.each<[string, JsonObject, JsonObject, string, string]>([
  [
    "a grouped convolution",
    { config: { model_type: "wav2vec2" } },
    { r: 3, target_modules: ["conv"] },
    "adapter.r",
    "must be a multiple of 16, the groups of the convolution",
  ],
  [
    "a task of generation for a classifier",
    { config: { model_type: "qwen2" }, architecture: "Qwen2ForSequenceClassification" },
    { r: 8, target_modules: ["q_proj", "v_proj"], task_type: "CAUSAL_LM" },
    "adapter.task_type",
    "use the task of the class, or Qwen2ForCausalLM",
  ],
  [
    "a copy that reaches the wrapper and a head deep below it",
    { config: { model_type: "bert" }, architecture: "BertForMaskedLM" },
    { r: 8, target_modules: ["query"], modules_to_save: [".model"], task_type: "TOKEN_CLS" },
    "adapter.modules_to_save",
    "hits the wrapper of the model",
  ],
  [
    "kasa on GPT-2's Conv1D",
    { name: "gpt2" },
    { r: 8, target_modules: ["c_attn"], kasa_config: {} },
    "adapter.peft_type",
    "kasa does not work on a Conv1D",
  ],
  [
    "a model without a list of layers",
    { config: { model_type: "t5" } },
    { r: 8, target_modules: ["q"], layer_replication: [[0, 2]] },
    "adapter.layer_replication",
    "finds no list of layers",
  ],
  [
    "prompts for a model of pictures",
    { config: { model_type: "vit" } },
    { peft_type: "PROMPT_TUNING", task_type: "CAUSAL_LM", num_virtual_tokens: 5 },
    "adapter.peft_type",
    "has no vocabulary",
  ],
  [
    "an adaption prompt without its layers",
    { name: "llama-2-7b" },
    { peft_type: "ADAPTION_PROMPT", task_type: "CAUSAL_LM", adapter_len: 10 },
    "adapter.adapter_layers",
    "must be given",
  ],
  [
    "an adaption prompt of no tokens",
    { name: "llama-2-7b" },
    { peft_type: "ADAPTION_PROMPT", task_type: "CAUSAL_LM", adapter_len: 0, adapter_layers: 2 },
    "adapter.adapter_len",
    "at least 1",
  ],
  [
    "an adaption prompt in more layers than there are",
    { name: "llama-2-7b" },
    { peft_type: "ADAPTION_PROMPT", task_type: "CAUSAL_LM", adapter_len: 1, adapter_layers: 33 },
    "adapter.adapter_layers",
    "at most 32",
  ],
  [
    "an initialisation of layers for parameters",
    { name: "mixtral-8x7b-v0.1" },
    {
      target_modules: ["q_proj"],
      target_parameters: ["gate_up_proj"],
      init_lora_weights: "pissa",
    },
    "adapter.init_lora_weights",
    "pissa beside target_parameters is not counted",
  ],
  [
    "a dropout on parameters",
    { name: "mixtral-8x7b-v0.1" },
    { target_modules: ["q_proj"], target_parameters: ["gate_up_proj"], lora_dropout: 0.1 },
    "adapter.target_parameters",
    "cannot be adapted with lora_dropout",
  ],
  [
    "the module of experts",
    { name: "mixtral-8x7b-v0.1" },
    { r: 8, target_modules: ["experts"] },
    "adapter.target_modules",
    "is a MixtralExperts; LoRA adapts Linear",
  ],
])("%s", (_, { name, ...model }, adapter, path, words) => {
  const result = estimate({ model: name ?? model, adapter });
  if (!isRefusal(result)) throw new Error("was not refused");
  const problem = result.error;
  expect(problem.path).toBe(path);
  expect(problem.message).toContain(words);
});
