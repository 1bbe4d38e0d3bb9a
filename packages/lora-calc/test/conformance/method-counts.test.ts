/** Counts of PEFT's other methods against real PEFT (conformance/method_counts.py). */

import { describe, expect, it } from "vitest";
import { listMethods } from "../../src/adapter/plan-adapter.js";
import { compare, readModels } from "./counted-cases.js";

const models = readModels("method-counts.jsonl.gz");
const cases = models.flatMap((model) => model.cases);

describe("counts of the other methods equal PEFT's", () => {
  it.each(models)("$id", compare);

  it("over at least four thousand cases of every method but LoRA", () => {
    const methods = new Set(cases.map(({ adapter }) => adapter["peft_type"]));
    expect([...methods].sort()).toEqual(listMethods().filter((method) => method !== "LORA").sort());
    expect(cases.length).toBeGreaterThanOrEqual(4000);
  });

  it.each(listMethods().filter((method) => method !== "LORA"))("%s is mostly counted", (method) => {
    const own = cases.filter(({ adapter }) => adapter["peft_type"] === method);
    const counted = own.filter((golden) => "trainable" in golden);
    expect(counted.length).toBeGreaterThanOrEqual(3);
  });
});
