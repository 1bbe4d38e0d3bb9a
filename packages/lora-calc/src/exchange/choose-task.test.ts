import { describe, expect, it } from "vitest";
import { taskClasses, withTask } from "./choose-task.js";

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

describe("withTask(scenario, task, architecture)", () => {
  const scenario = { model: "gpt2", adapter: { r: 8 }, id: "a" };

  it("names the class beside the model, by its id or in its object", () => {
    expect(withTask(scenario, "SEQ_CLS", "GPT2ForSequenceClassification")).toEqual({
      id: "a",
      adapter: { r: 8, task_type: "SEQ_CLS" },
      model: { id: "gpt2", architecture: "GPT2ForSequenceClassification" },
    });
    const own = { ...scenario, model: { config: { model_type: "gpt2" } } };
    expect(withTask(own, "SEQ_CLS", "GPT2ForSequenceClassification").model).toEqual({
      config: { model_type: "gpt2" },
      architecture: "GPT2ForSequenceClassification",
    });
  });

  it("changes the adapter alone for a task without a class", () => {
    expect(withTask(scenario, "SEQ_2_SEQ_LM", undefined)).toEqual({
      ...scenario,
      adapter: { r: 8, task_type: "SEQ_2_SEQ_LM" },
    });
  });
});
