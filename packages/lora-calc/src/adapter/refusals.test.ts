/** Adapters that PEFT does not take, or takes in silence: where it is said, and in which words. */

import { asScenario } from "../exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { estimate } from "../estimate.js";
import type { JsonObject } from "../problem/fields.js";
import { isRefusal } from "../result.js";
import type { Estimate, Refusal } from "../result.js";
import { methodFacts } from "./plan-adapter.js";

const MODEL = "Qwen/Qwen2.5-0.5B";

function refused(adapter: JsonObject, model: unknown = MODEL): Refusal["error"] {
  const result = estimate(asScenario({ model, adapter }));
  if (!isRefusal(result)) throw new Error("was not refused");
  return result.error;
}

function answered(model: unknown, adapter: JsonObject): Estimate {
  const result = estimate(asScenario({ model, adapter }));
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

const TARGETS = { target_modules: ["q_proj", "v_proj"] };
const CPT = { peft_type: "CPT", task_type: "CAUSAL_LM", cpt_token_ids: [1, 2, 3] };

/** PEFT 0.21.0 makes a torch dropout of these, which raises ValueError above 1. */
const DROPOUTS = [
  ...["LORA lora_dropout", "ADALORA lora_dropout", "DEFT deft_dropout", "DELORA module_dropout"],
  ...["FROD frod_dropout", "GRALORA gralora_dropout", "HIRA hira_dropout", "MISS miss_dropout"],
  ...["PSOFT psoft_dropout", "PVERA pvera_dropout", "RANDLORA randlora_dropout"],
  ...["SUPERTUNING lora_dropout", "TINYLORA tinylora_dropout", "UNILORA unilora_dropout"],
  ...["VBLORA vblora_dropout", "VERA vera_dropout"],
].map((text) => text.split(" ") as [string, string]);

/** Of these it makes none, and takes any number. */
const COMPARED = [
  ...["BOFT boft_dropout", "LOHA module_dropout", "LOKR rank_dropout", "OFT module_dropout"],
].map((text) => text.split(" ") as [string, string]);

describe("a dropout above 1", () => {
  it.each(DROPOUTS)("of %s %s is refused", (peftType, name) => {
    const needed: Readonly<Record<string, JsonObject>> = {
      ADALORA: { total_step: 100 },
      VBLORA: { vector_length: 128 },
    };
    const { path } = refused({ peft_type: peftType, ...needed[peftType], ...TARGETS, [name]: 8 });
    expect(path).toBe(`adapter.${name}`);
  });

  it.each(COMPARED)("of %s %s is answered", (peftType, name) => {
    answered(MODEL, { peft_type: peftType, ...TARGETS, [name]: 8 });
  });
});

it("of a field that its method does not look at, the type is looked at all the same", () => {
  expect(refused({ r: 8, ...TARGETS, eva_config: 3 })).toMatchObject({
    code: "invalid_type",
    path: "adapter.eva_config",
    expected: "an object",
  });
});

it("networks of any depth are refused in time", () => {
  const { path } = refused({ peft_type: "PEANUT", depth: 2 ** 40, ...TARGETS });
  expect(path).toBe("adapter.depth");
});

describe("an adapter that is refused", () => {
  it.each<[JsonObject, string, string]>([
    [
      { peft_type: "GRALORA", r: 8, gralora_k: 0, ...TARGETS },
      "adapter.gralora_k",
      "must be at least 1",
    ],
    [
      { peft_type: "ADALORA", r: 8, total_step: 10, loftq_config: { loftq_bits: 4 }, ...TARGETS },
      "adapter.loftq_config",
      "is not for ADALORA",
    ],
    [
      { r: 8, init_lora_weights: "loftq", ...TARGETS },
      "adapter.loftq_config",
      'is needed when init_lora_weights is "loftq"',
    ],
    [{ ...CPT, cpt_mask: [1] }, "adapter.cpt_mask", "must be as long as cpt_token_ids"],
    [
      { ...CPT, cpt_tokens_type_mask: [1, 2] },
      "adapter.cpt_tokens_type_mask",
      "must be as long as cpt_token_ids",
    ],
    [{ r: 8, bias: "some", ...TARGETS }, "adapter.bias", "bias"],
    [
      { r: 8, target_modules: ["q_prj"] },
      "adapter.target_modules",
      "matches q_prj (did you mean q_proj?)",
    ],
    [
      { r: 8, ...TARGETS, exclude_modules: ["q_proj", "v_proj"] },
      "adapter.target_modules",
      "no module of Qwen2ForCausalLM matches q_proj, v_proj beside those that exclude_modules and modules_to_save leave out",
    ],
    [
      { r: 8, target_modules: ["q_proj"], layers_to_transform: [99] },
      "adapter.target_modules",
      "layers_to_transform is 99",
    ],
    [{ r: 8, target_modules: [] }, "adapter.target_modules", "target_modules is empty"],
    [
      { peft_type: "VERA", r: 8, target_modules: ["embed_tokens"] },
      "adapter.target_modules",
      "VERA adapts",
    ],
    [{ peft_type: "PSOFT", r: 0, ...TARGETS }, "adapter.r", "must be at least 1"],
    [
      { peft_type: "OFT", r: -1, oft_block_size: 0, ...TARGETS },
      "adapter.r",
      "must not be negative",
    ],
    [
      { peft_type: "OFT", oft_block_size: -1, ...TARGETS },
      "adapter.oft_block_size",
      "must not be negative",
    ],
    [
      { peft_type: "LN_TUNING", target_modules: ["self_attn", "q_proj"] },
      "adapter.target_modules",
      "self_attn.q_proj lies inside another targeted module",
    ],
    [{ peft_type: "ADALORA", total_step: 0, ...TARGETS }, "adapter.total_step", "at least 1"],
    [
      { peft_type: "ADALORA", total_step: 10, target_parameters: ["x"], ...TARGETS },
      "adapter.target_parameters",
      "of ADALORA is not computed",
    ],
    [
      { peft_type: "ADALORA", total_step: 10, init_r: -1, ...TARGETS },
      "adapter.init_r",
      "at least 0",
    ],
    [
      { peft_type: "BOFT", boft_n_butterfly_factor: 2, ...TARGETS },
      "adapter.boft_n_butterfly_factor",
      "other than 1",
    ],
    [
      { peft_type: "ADAPTION_PROMPT", task_type: "CAUSAL_LM", adapter_len: 10, adapter_layers: 2 },
      "adapter.peft_type",
      "is for llama, mistral, gpt2",
    ],
    [
      { r: 8, ...TARGETS, use_bdlora: { target_modules_bd_a: ["q_proj"], nblocks: 2 } },
      "adapter.use_bdlora",
      "v_proj: use_bdlora names it neither for A nor for B (match_strict)",
    ],
    [
      {
        r: 8,
        ...TARGETS,
        use_bdlora: { target_modules_bd_a: ["q_proj"], target_modules_bd_b: ["q"], nblocks: 2 },
      },
      "adapter.use_bdlora",
      "names it for A and for B",
    ],
    [
      { r: 7, target_modules: ["q_proj"], use_bdlora: { target_modules_bd_a: ["q"], nblocks: 2 } },
      "adapter.use_bdlora",
      "nblocks 2 must divide 896 and the rank 7",
    ],
    [
      { r: 8, ...TARGETS, use_dora: true, kasa_config: {} },
      "adapter.peft_type",
      "takes one variant at a time, got dora and kasa",
    ],
    [{ r: 8, ...TARGETS, layer_replication: [[0, 30]] }, "adapter.layer_replication", "24 of 24"],
    [{ r: 8, ...TARGETS, modules_to_save: ["lora_A"] }, "adapter.modules_to_save", "hits lora_A"],
    [
      { r: 8, ...TARGETS, modules_to_save: ["default"] },
      "adapter.modules_to_save",
      "hits lora_dropout.default",
    ],
    [
      { peft_type: "TRAINABLE_TOKENS", token_indices: [1], target_modules: ["norm"] },
      "adapter.target_modules",
      "only embeddings and heads have tokens",
    ],
    [
      { peft_type: "TRAINABLE_TOKENS", token_indices: [999_999] },
      "adapter.token_indices",
      "below 151936",
    ],
    [{ peft_type: "WAVEFT", n_frequency: 0, ...TARGETS }, "adapter.n_frequency", "at least 1"],
    [
      { peft_type: "LOHA", r: 8, target_modules: ["embed_tokens"] },
      "adapter.target_modules",
      "LOHA adapts Linear and Conv1d and Conv2d here",
    ],
    [
      {
        peft_type: "CARTRIDGE",
        task_type: "CAUSAL_LM",
        num_virtual_tokens: 5,
        num_frozen_tokens: 9,
      },
      "adapter.num_frozen_tokens",
      "num_frozen_tokens",
    ],
    [{ r: 8, target_modules: "(?z)q_proj" }, "adapter.target_modules", "unknown extension ?z"],
  ])("%j", (adapter, path, words) => {
    const problem = refused(adapter);
    expect(problem.path).toBe(path);
    expect(problem.message).toContain(words);
  });

  it("names what may stand there", () => {
    expect(refused({ r: 8, bias: "some", ...TARGETS }).expected).toEqual([
      "none",
      "all",
      "lora_only",
    ]);
    const { expected } = refused({ r: 8, target_modules: ["q_prj"] });
    expect(expected).toEqual(
      expect.arrayContaining([
        "q_proj",
        "k_proj",
        "v_proj",
        "o_proj",
        "gate_proj",
        "up_proj",
        "down_proj",
      ]),
    );
  });

  it("of elements of a list names no module without a name", () => {
    const problem = refused(
      { r: 8, target_modules: ["nothing"] },
      { config: { model_type: "gemma3n_text" } },
    );
    expect(problem.expected).not.toContain("");
  });
});

describe("experts that no target reaches", () => {
  it("are named, with their parameters", () => {
    const { warnings } = answered("qwen1.5-moe-a2.7b", {
      r: 8,
      target_modules: ["q_proj", "up_proj"],
    });
    const message = warnings.find(({ code }) => code === "experts_not_adapted")?.message;
    // 24 layers, 60 experts, three matrices of 2048 × 1408: https://huggingface.co/Qwen/Qwen1.5-MoE-A2.7B/blob/main/config.json
    expect(message).toContain((24 * 60 * 3 * 2048 * 1408).toLocaleString("en-US"));
    expect(message).toContain("gate_up_proj");
    expect(message).toContain("down_proj");
  });
});

it("knows facts of the methods that are counted, and of no other", () => {
  expect(methodFacts("LOHA")).toMatchObject({ formula: expect.any(String) as string });
  expect(methodFacts("NONE")).toBeUndefined();
});
