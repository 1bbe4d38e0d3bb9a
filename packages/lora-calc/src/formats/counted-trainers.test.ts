/** Trainers of which counts alone are known: torchtune, NeMo AutoModel, LLaMA-Factory's second schema. */

import { describe, expect, it } from "vitest";
import { codesOf, readerOf } from "../../test/examples/read-file.js";
import { estimate } from "../estimate.js";
import { isRefusal } from "../result.js";
import type { TrainerFile } from "./read-file.js";

function trainableOf({ scenario }: TrainerFile): number {
  const result = estimate(scenario);
  if (isRefusal(result)) throw new Error(result.error.message);
  return result.parameters.trainable;
}

// Llama-3.1-8B: 32 layers of 4,096; keys and values 1,024 wide, the MLP 14,336. A module of rank 8 has 8 · (in + out) parameters.
const Q = 8 * (4096 + 4096);
const V = 8 * (4096 + 1024);
const MLP = 3 * 8 * (4096 + 14_336);

describe("a torchtune file", () => {
  const model = {
    _component_: "torchtune.models.llama3_1.lora_llama3_1_8b",
    lora_attn_modules: ["q_proj", "v_proj", "output_proj"],
    apply_lora_to_mlp: true,
    lora_rank: 8,
  };
  const read = readerOf({
    model,
    checkpointer: { checkpoint_dir: "/tmp/Meta-Llama-3.1-8B-Instruct/", checkpoint_files: ["a"] },
    optimizer: { _component_: "torch.optim.AdamW", lr: 3e-4 },
  });

  it("is the builder's model and its adapters, under transformers' names", () => {
    const file = read({});
    expect(file.scenario).toEqual({
      model: "Meta-Llama-3.1-8B-Instruct",
      adapter: {
        ...{ r: 8, lora_alpha: 16, lora_dropout: 0 },
        target_modules: ["q_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
      },
    });
    expect(trainableOf(file)).toBe(32 * (2 * Q + V + MLP));
    expect(codesOf(file)).toEqual(["not_computed model._component_"]);
  });

  it("trains every weight without one, and says what Phi splits", () => {
    const full = { ...model, _component_: "torchtune.models.llama3_1.llama3_1_8b" };
    expect(read({ model: full }).scenario.adapter).toBeNull();
    const phi = { ...model, _component_: "torchtune.models.phi3.lora_phi3_mini" };
    expect(codesOf(read({ model: phi }))).toContain("not_computed model.lora_attn_modules");
    expect(codesOf(read({ lora_rnk: 4 }))).toContain("unknown_key lora_rnk");
  });
});

describe("a NeMo AutoModel file", () => {
  const model = { pretrained_model_name_or_path: "meta-llama/Llama-3.1-8B" };
  const peft = { target_modules: "*_proj", dim: 8, alpha: 32 };
  const read = readerOf({ recipe: "TrainFinetuneRecipeForNextTokenPrediction", model, peft });

  it("has a pattern where a star stands, and names where none does", () => {
    const K = V;
    expect(trainableOf(read({}))).toBe(32 * (2 * Q + K + V + MLP));
    expect(read({}).scenario.adapter).toMatchObject({
      r: 8,
      lora_alpha: 32,
      target_modules: ".*_proj",
    });
    const named = read({ peft: { ...peft, target_modules: ["q_proj", "v_proj"] } });
    expect(trainableOf(named)).toBe(32 * (Q + V));
    const mixed = read({ peft: { ...peft, target_modules: ["*.layers.0.*.q_proj", "v_proj"] } });
    expect(trainableOf(mixed)).toBe(Q + 32 * V);
  });

  it("says that every linear layer has the head among them", () => {
    const file = read({ peft: { match_all_linear: true } });
    expect(codesOf(file)).toContain("not_computed peft.match_all_linear");
    const without = read({ peft: { exclude_modules: ["*.lm_head", "q_proj"] } });
    expect(trainableOf(without)).toBe(32 * (Q + 2 * V + MLP));
  });
});

describe("a file of LLaMA-Factory's second schema", () => {
  const peft_config = { name: "lora", r: 8, target_modules: "q_proj,v_proj" };
  const read = readerOf({
    model: "meta-llama/Llama-3.1-8B",
    peft_config,
    cutoff_len: 2048,
    train_dataset: "x.yaml",
  });

  it("is counted", () => {
    expect(trainableOf(read({}))).toBe(32 * (Q + V));
    expect(read({}).trainer).toBe("LLaMA-Factory");
    expect(read({ peft_config: { name: "lora" } }).scenario.adapter).toMatchObject({
      target_modules: "all-linear",
    });
    expect(read({ peft_config: null }).scenario.adapter).toBeNull();
    expect(codesOf(read({ peft_config: { name: "freeze" } }))).toContain(
      "not_computed peft_config.name",
    );
  });
});
