import { describe, expect, it } from "vitest";
import { findModel } from "../catalogue/models.js";
import { buildGraph } from "../graph/build-graph.js";
import type { ModuleGraph } from "../graph/tree/module-graph.js";
import { describeModel } from "../model/description.js";
import type { JsonObject } from "../problem/fields.js";
import { planAdapter } from "./plan-adapter.js";
import { USUAL_WORLD } from "../worlds/index.js";

function graphOf(id: string, change: JsonObject = {}): ModuleGraph {
  const config = { ...findModel(id).config, ...change };
  return buildGraph(
    describeModel({ config }, () => ({})),
    USUAL_WORLD,
  ).graph;
}

function counts(graph: ModuleGraph, adapter: JsonObject | null): readonly [number, number] {
  const { trainable, all } = planAdapter(graph, adapter, USUAL_WORLD);
  return [trainable, all];
}

/** Printed by PEFT with transformers (worlds/index.ts: the usual), task_type CAUSAL_LM. */
describe("planAdapter(LoRA)", () => {
  it("counts all-linear r=16 of Llama-3.1-8B", () => {
    const adapter = { r: 16, target_modules: "all-linear", task_type: "CAUSAL_LM" };
    expect(counts(graphOf("llama-3.1-8b"), adapter)).toEqual([41943040, 8072204288]);
  });

  it("adds one magnitude per output with DoRA", () => {
    const adapter = { r: 16, target_modules: "all-linear", use_dora: true };
    expect(counts(graphOf("llama-3.1-8b"), adapter)).toEqual([43319296, 8073580544]);
  });

  it("takes PEFT's default targets", () => {
    expect(counts(graphOf("llama-2-7b"), {})).toEqual([4194304, 6742609920]);
    expect(counts(graphOf("gpt2"), {})).toEqual([294912, 124734720]);
  });

  it("copies modules_to_save and keeps the originals", () => {
    const adapter = {
      r: 16,
      target_modules: ["q_proj", "v_proj"],
      modules_to_save: ["embed_tokens", "lm_head"],
    };
    expect(counts(graphOf("llama-3.1-8b"), adapter)).toEqual([1057488896, 9087750144]);
    expect(counts(graphOf("llama-3.2-1b"), adapter)).toEqual([527040512, 1762854912]);
  });

  it("unfreezes biases without adding to all", () => {
    const graph = graphOf("qwen2.5-0.5b");
    expect(counts(graph, { bias: "lora_only" })).toEqual([565248, 494573440]);
    expect(counts(graph, { bias: "all" })).toEqual([568320, 494573440]);
  });

  it("returns the base model for full fine-tuning", () => {
    expect(counts(graphOf("llama-3.1-8b"), null)).toEqual([8030261248, 8030261248]);
  });
});
