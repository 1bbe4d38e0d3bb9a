import { expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";

function warned(model: string, more: object): readonly string[] {
  const adapter = { r: 8, target_modules: "all-linear" };
  const result = estimate({ model, adapter, ...more });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result.warnings.filter(({ code }) => code === "other_trainer").map((each) => each.message);
}

it.each(["t5-small", "modernbert-base", "google/vit-base-patch16-224"])(
  "names the trainer of %s where a stack's own does not train it, or none is named",
  (model) => {
    const [byTrl] = warned(model, { stack: "trl-1.13" });
    expect(byTrl).toContain("not by TRL 1.13 SFTTrainer");
    expect(byTrl).toContain("hf-trainer-5.18 or hf-trainer-5.24");
    expect(warned(model, { training: {} })[0]).toContain("this calculator's defaults");
    expect(warned(model, { stack: "hf-trainer-5.18" })).toEqual([]);
    expect(warned(model, { stack: "plain-loop" })).toEqual([]);
    expect(warned(model, {})).toEqual([]);
  },
);

it("says nothing of language models", () => {
  expect(warned("gpt2", { stack: "trl-1.13" })).toEqual([]);
});
