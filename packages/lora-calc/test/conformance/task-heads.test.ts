/** Every method of PEFT on models with a task head: which of them train the head (conformance/task_heads.py). */

import { describe, expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import { isRefusal } from "../../src/result.js";
import { compare, readModels } from "./counted-cases.js";
import type { Model } from "./counted-cases.js";

interface Judged extends Model {
  readonly dtype: "float32" | "bfloat16";
}

const models = readModels("task-heads.jsonl.gz") as readonly Judged[];

describe("heads of tasks", () => {
  it.each(models.filter(({ dtype }) => dtype === "float32"))("$id", compare);

  it("cover 41 methods on nine classes", () => {
    const cases = models.flatMap((model) => model.cases);
    expect(new Set(cases.map(({ adapter }) => adapter["peft_type"])).size).toBe(41);
    expect(cases.filter((golden) => "trainable" in golden).length).toBeGreaterThan(250);
  });
});

/** In 16 bits, or on a GPU, the number of ranks that AdaLoRA keeps per layer requires a gradient, too. */
describe("AdaLoRA's ranknum", () => {
  const half = models.filter(({ dtype }) => dtype === "bfloat16");

  it.each(half)("trains in a run: $id", ({ config, architecture, cases }) => {
    const [golden] = cases;
    if (golden === undefined || !("trainable" in golden)) throw new Error("no count");
    const model = { config, architecture };
    const result = estimate({ model, adapter: golden.adapter, training: { dtype: "bfloat16" } });
    const counted = isRefusal(result) ? result.error : result.parameters;
    expect(counted).toMatchObject({ trainable: golden.trainable, all: golden.all });
  });
});
