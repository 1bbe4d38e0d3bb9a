/** Sources of what LitGPT takes and leaves: litgpt 0.5.13 finetune/lora.py `setup`, `validate_args`, lora.py. */

import { expect, it } from "vitest";
import { asScenario } from "../../exchange/as-scenario.js";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import type { Estimate } from "../../result.js";

const RUN = {
  model: "Qwen/Qwen3-0.6B",
  adapter: { r: 8, target_modules: ["q_proj", "v_proj"] },
  stack: "litgpt-0.5",
  training: { max_length: 256 },
};

function answered(fields: object): Estimate {
  const result = estimate(asScenario({ ...RUN, ...fields }));
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

function taken({ assumed }: Estimate, path: string): unknown {
  return assumed.find((each) => each.path === path)?.value;
}

function why(fields: object): string | undefined {
  return answered(fields).warnings.find(({ code }) => code === "memory_not_computed")?.message;
}

it("runs bf16-mixed over 16 sequences a step, where nothing is said", () => {
  const silent = answered({});
  const names = ["dtype", "bf16", "gradient_accumulation_steps", "optim", "max_grad_norm"];
  expect(names.map((name) => taken(silent, `training.${name}`))).toEqual([
    ...["float32", true, 16],
    ...["adamw_torch", 0],
  ]);
  expect(silent.memory?.allocated_peak).toBeGreaterThan(0);
});

it("has no autocast over 16 bits: bf16-true is dtype bfloat16", () => {
  const narrow = answered({ training: { max_length: 256, dtype: "bfloat16" } });
  expect(taken(narrow, "training.bf16")).toBe(false);
});

it("keeps a head of its own, where others tie it to the embedding", () => {
  const training = { max_length: 256, dtype: "bfloat16", bf16: false };
  const weightsOf = (stack: string): number =>
    answered({ stack, training }).memory?.parts.find(({ name }) => name === "weights")?.bytes ?? 0;
  // 151,936 x 1,024 elements of two bytes.
  expect(weightsOf("litgpt-0.5") - weightsOf("hf-trainer-5.18")).toBeGreaterThan(310e6);
});

it("tells of the head that it does not tie, and of the embedding that trains for nothing", () => {
  const codes = (fields: object): string[] => answered(fields).warnings.map(({ code }) => code);
  expect(codes({})).toContain("own_head");
  const packed = { load_in_4bit: true, bnb_4bit_use_double_quant: true };
  expect(codes({ quantization: packed })).toContain("unused_gradient");
  expect(codes({ stack: "trl-1.16" })).not.toContain("own_head");
});

it("takes nf4, bf16-true and PagedAdamW beside packed weights, where nothing more is said", () => {
  const silent = answered({ quantization: { load_in_4bit: true } });
  expect(taken(silent, "quantization.bnb_4bit_quant_type")).toBe("nf4");
  expect(taken(silent, "training.optim")).toBe("paged_adamw_32bit");
  expect(taken(silent, "training.dtype")).toBe("bfloat16");
  const result = estimate(
    asScenario({
      ...{ ...RUN, quantization: { load_in_4bit: true } },
      training: { max_length: 256, optim: "adamw_torch" },
    }),
  );
  expect(isRefusal(result) && result.error.message).toContain("takes PagedAdamW");
});

it.each([
  [{ model: "google/gemma-2-2b" }, "its Gemma2ForCausalLM has no program here"],
  [{ adapter: null }, "finetune_full has no program here"],
  [{ hardware: { gpu: "2x A100 80GB SXM" } }, "several cards under LitGPT"],
  [{ quantization: { load_in_8bit: true } }, "bnb.int8-training of LitGPT"],
  [{ adapter: { r: 8, target_modules: ["q_proj"], use_dora: true } }, "no switch that adapts"],
  [{ adapter: { r: 8, target_modules: ["embed_tokens"] } }, "no switch that adapts"],
  [{ adapter: { r: 8, target_modules: ["q_proj"], layers_to_transform: [0] } }, "no switch"],
  [
    { adapter: { r: 8, target_modules: ["q_proj", "v_proj"], rank_pattern: { v_proj: 4 } } },
    "one rank for all layers",
  ],
  [{ adapter: { r: 8, target_modules: ["up_proj"] } }, "lora_mlp of LitGPT adapts"],
  [
    { adapter: { r: 8, target_modules: ["q_proj"], modules_to_save: ["lm_head"] } },
    "LoRA's matrices alone",
  ],
])("%j has no program, which is said beside its counts", (fields, words) => {
  expect(why(fields)).toContain(words);
  expect(answered(fields).parameters.all).toBeGreaterThan(0);
});

it.each([
  [{ gradient_checkpointing: true }, "gradient_checkpointing", "keeps every layer"],
  [{ max_grad_norm: 1 }, "max_grad_norm", "does not clip"],
  [{ optim: "adamw_8bit" }, "optim", "has no program here"],
  [{ attn_implementation: "eager" }, "attn_implementation", "not one of its switches"],
  [{ use_liger_kernel: true }, "use_liger_kernel", "a loss of another trainer"],
  [{ fp16: true, bf16: false }, "fp16", "16-mixed of LitGPT"],
  [{ dtype: "bfloat16", bf16: true }, "bf16", "autocast over float32 alone"],
  [{ adapter_dtype: "bfloat16" }, "adapter_dtype", "dtype of the base"],
  [{ loop: "trainer" }, "loop", "a loop of its own"],
  [{ loss: "nll" }, "loss", "a loss of another trainer"],
])("training %j is refused by name", (training, name, words) => {
  const result = estimate(asScenario({ ...RUN, training: { max_length: 256, ...training } }));
  if (!isRefusal(result)) throw new Error("was not refused");
  expect(result.error.path).toBe(`training.${name}`);
  expect(result.error.message).toContain(words);
});

it("has a loss that is no other stack's", () => {
  const result = estimate(asScenario({ ...RUN, stack: "trl-1.16", training: { loss: "litgpt" } }));
  expect(isRefusal(result) && result.error.message).toContain("LitGPT's own");
});
