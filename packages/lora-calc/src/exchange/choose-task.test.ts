import { describe, expect, it } from "vitest";
import { withTask } from "./choose-task.js";

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
