import { describe, expect, it } from "vitest";
import { taskClasses, withModel, withUsualTargets, withUsualTask } from "./choose-model.js";

describe("taskClasses(scenario)", () => {
  it("names the class of each task, as transformers calls them", () => {
    expect(taskClasses({ model: "gpt2" })).toMatchObject({
      CAUSAL_LM: "GPT2LMHeadModel",
      SEQ_CLS: "GPT2ForSequenceClassification",
      FEATURE_EXTRACTION: "GPT2Model",
    });
  });

  it("has none for a model that cannot be read", () => {
    expect(taskClasses({ model: "nobody/knows-this" })).toEqual({});
  });

  it("has none where the release of transformers cannot be read, whichever model it is", () => {
    expect(taskClasses({ model: "gpt2", versions: { transformers: "3.0" } })).toEqual({});
  });
});

describe("withUsualTask(scenario)", () => {
  it("is a label per sequence for what was published for pre-training", () => {
    expect(withUsualTask({ model: "bert-base-uncased", adapter: { r: 8 } })).toEqual({
      model: { id: "bert-base-uncased", architecture: "BertForSequenceClassification" },
      adapter: { r: 8, task_type: "SEQ_CLS" },
    });
  });

  it("leaves alone what says its task, trains everything, or is not published so", () => {
    const said = { model: "bert-base-uncased", adapter: { task_type: "TOKEN_CLS" as const } };
    const whole = { model: "bert-base-uncased", adapter: null };
    const decoder = { model: "gpt2", adapter: { r: 8 } };
    for (const scenario of [said, whole, decoder]) expect(withUsualTask(scenario)).toBe(scenario);
  });
});

describe("withUsualTargets(scenario)", () => {
  const linear = { r: 8, target_modules: "all-linear" as const };

  it("leaves out what LoRA stops at", () => {
    const nemotron = { model: "nvidia/NVIDIA-Nemotron-Nano-9B-v2", adapter: linear };
    expect(withUsualTargets(nemotron).adapter).toEqual({
      ...linear,
      exclude_modules: ["out_proj", "conv1d"],
    });
    const scout = { id: "meta-llama/Llama-4-Scout-17B-16E", architecture: "Llama4ForCausalLM" };
    expect(withUsualTargets({ model: scout, adapter: linear }).adapter).toEqual({
      ...linear,
      exclude_modules: ["router"],
    });
    const flash = { model: "deepseek-ai/DeepSeek-V4-Flash", adapter: linear };
    expect(withUsualTargets(flash).adapter?.exclude_modules).toEqual(["o_a_proj"]);
  });

  it("leaves alone what says its modules, or has none of those", () => {
    const model = "state-spaces/mamba-130m-hf";
    const named = { model, adapter: { target_modules: ["in_proj"] } };
    const excluded = { model, adapter: { ...linear, exclude_modules: ["x_proj"] } };
    const llama = { model: "gpt2", adapter: linear };
    for (const scenario of [named, excluded, llama, { model, adapter: null }]) {
      expect(withUsualTargets(scenario)).toBe(scenario);
    }
  });
});

describe("withModel(scenario, name)", () => {
  it("leaves out what LoRA stops at, until another model is chosen", () => {
    const start = { model: "gpt2", adapter: { r: 8, target_modules: "all-linear" as const } };
    const mamba = withModel(start, "state-spaces/mamba-130m-hf");
    expect(mamba.adapter?.exclude_modules).toEqual(["out_proj", "conv1d"]);
    expect(withModel(mamba, "gpt2")).toEqual(start);
  });

  it("takes the task of the old model away with it", () => {
    const start = { model: "gpt2", adapter: { r: 8 } };
    const bert = withModel(start, "bert-base-uncased");
    expect(bert.adapter).toEqual({ r: 8, task_type: "SEQ_CLS" });
    expect(withModel(bert, "gpt2")).toEqual(start);
    const said = { model: "gpt2", adapter: { task_type: "SEQ_CLS" as const } };
    expect(withModel(said, "roberta-base").adapter).toEqual({ task_type: "SEQ_CLS" });
  });

  it("takes the task that generates away from a model that cannot, and brings it to none", () => {
    const generates = { model: "gpt2", adapter: { r: 8, task_type: "CAUSAL_LM" as const } };
    const bert = withModel(generates, "google-bert/bert-base-uncased");
    expect(bert.adapter).toEqual({ r: 8, task_type: "SEQ_CLS" });
    expect(withModel(bert, "gpt2")).toEqual({ model: "gpt2", adapter: { r: 8 } });
    expect(withModel(generates, "BAAI/bge-base-en-v1.5")).toMatchObject({
      model: { architecture: "BertModel" },
      adapter: { task_type: "FEATURE_EXTRACTION" },
    });
    expect(withModel(generates, "FacebookAI/roberta-base").adapter).toEqual({ r: 8 });
    expect(withModel(generates, "google-t5/t5-small").adapter).toEqual(generates.adapter);
    expect(withModel(generates, "nobody/knows-this").adapter).toEqual(generates.adapter);
    expect(withModel({ model: "gpt2", adapter: null }, "bert-base-uncased").adapter).toBe(null);
    expect(withModel(generates, "Qwen/Qwen3-0.6B").adapter).toEqual(generates.adapter);
  });
});
