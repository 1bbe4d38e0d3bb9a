/** Training scripts of Unsloth, read into the run that they make. */

import { describe, expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import { isRefusal } from "../../src/result.js";
import { IMPORTS, read, told } from "./read-text.js";

describe("a script of Unsloth", () => {
  const LOAD =
    "model, tokenizer = FastLanguageModel.from_pretrained(model_name='unsloth/Llama-3.1-8B', max_seq_length=2048, dtype=None)";

  it("has its defaults", () => {
    const file = read(
      ...IMPORTS,
      LOAD,
      "model = FastLanguageModel.get_peft_model(model, lora_alpha=32, loftq_config=None, random_state=1)",
      "SFTTrainer(model=model, tokenizer=tokenizer, max_seq_length=1024, packing=False, args=TrainingArguments(bf16=is_bfloat16_supported(), fp16=not is_bfloat16_supported(), optim='adamw_8bit', warmup_ratio=0.1))",
    );
    expect(told(file)).toEqual(["assumed"]);
    expect(file.scenario).toMatchObject({
      stack: "unsloth-2026.8",
      quantization: { load_in_4bit: true },
      adapter: {
        r: 16,
        lora_alpha: 32,
        lora_dropout: 0,
        target_modules: [
          "q_proj",
          "k_proj",
          "v_proj",
          "o_proj",
          "gate_proj",
          "up_proj",
          "down_proj",
        ],
      },
      training: {
        max_seq_length: 2048,
        max_length: 1024,
        bf16: true,
        fp16: false,
        optim: "adamw_8bit",
      },
    });
    const result = estimate(file.scenario);
    expect(isRefusal(result) ? result.error.message : result.memory).toHaveProperty(
      "allocated_peak",
    );
  });

  it("trains embeddings and head whole, and every weight where it is told to", () => {
    const file = read(
      ...IMPORTS,
      LOAD,
      "model = FastLanguageModel.get_peft_model(model, target_modules=['q_proj', 'embed_tokens', 'lm_head'])",
    );
    expect(file.scenario.adapter).toMatchObject({
      target_modules: ["q_proj"],
      modules_to_save: ["embed_tokens", "lm_head"],
    });
    const full = read(
      ...IMPORTS,
      "m, t = FastModel.from_pretrained('unsloth/Qwen3-0.6B', full_finetuning=True)",
      "m = FastModel.get_peft_model(m, r=8)",
      "SFTTrainer(m)",
    );
    expect(full.scenario.adapter).toBeNull();
    expect(full.scenario.quantization).toBeUndefined();
  });

  it("has other targets of its own for a model that embeds", () => {
    const file = read(
      "from unsloth import FastSentenceTransformer",
      "m = FastSentenceTransformer.from_pretrained('unsloth/bge-m3')",
      "m = FastSentenceTransformer.get_peft_model(m, r=32)",
    );
    expect(file.scenario.adapter).toMatchObject({
      r: 32,
      target_modules: ["query", "key", "value", "dense"],
    });
  });

  // Printed by the notebook. Source: unslothai/notebooks bdda2ef nb/Gemma3_(4B).ipynb
  it("chooses layers by parts of the model", () => {
    const file = read(
      ...IMPORTS,
      "model, t = FastModel.from_pretrained('unsloth/gemma-3-4b-it')",
      "model = FastModel.get_peft_model(model, finetune_vision_layers=False, finetune_language_layers=True, r=8)",
    );
    const result = estimate(file.scenario);
    expect(isRefusal(result) ? result.error.message : result.parameters).toMatchObject({
      trainable: 14_901_248,
      all: 4_314_980_720,
    });
  });
});
