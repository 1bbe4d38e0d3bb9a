import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import type { Scenario } from "../../scenario.js";

type Task = "SEQ_CLS" | "TOKEN_CLS" | "QUESTION_ANS" | "FEATURE_EXTRACTION" | "CAUSAL_LM";

function codes(model: Scenario["model"], task_type: Task): readonly string[] {
  const result = estimate({ model, adapter: { r: 8, target_modules: ["q_proj"], task_type } });
  return isRefusal(result) ? [result.error.code] : result.warnings.map(({ code }) => code);
}

describe("a task whose head another class has", () => {
  it.each(["SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS", "FEATURE_EXTRACTION"] as const)(
    "is told: %s",
    (task) => {
      expect(codes("Qwen/Qwen2.5-0.5B", task)).toContain("task_class");
    },
  );

  it("is not told of the class with the head, nor of a model that generates", () => {
    const architecture = "Qwen2ForTokenClassification";
    expect(codes({ id: "Qwen/Qwen2.5-0.5B", architecture }, "TOKEN_CLS")).not.toContain(
      "task_class",
    );
    expect(codes("Qwen/Qwen2.5-0.5B", "CAUSAL_LM")).not.toContain("task_class");
  });
});
