/** Sources of what Unsloth takes and leaves: unsloth models/loader.py, models/llama.py, models/rl.py (015bdef). */

import { describe, expect, it } from "vitest";
import { asScenario } from "../../exchange/as-scenario.js";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import type { Estimate } from "../../result.js";

const PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
const RUN = {
  model: "meta-llama/Llama-3.2-1B",
  adapter: { r: 16, target_modules: PROJECTIONS },
  quantization: { load_in_4bit: true },
  stack: "unsloth-2026.8",
  hardware: { gpu: "T4" },
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

function refusal(fields: object): string {
  const result = estimate(asScenario({ ...RUN, ...fields }));
  if (!isRefusal(result)) throw new Error("was not refused");
  return `${result.error.path}: ${result.error.message}`;
}

describe("a run under Unsloth", () => {
  it("has the 16 bits of its card", () => {
    expect(taken(answered({}), "training.dtype")).toBe("float16");
    expect(taken(answered({ hardware: { gpu: "L4" } }), "training.dtype")).toBe("bfloat16");
    const given = answered({ hardware: { gpu: "L4" }, training: { fp16: true } });
    expect(taken(given, "training.dtype")).toBe("float16");
  });

  it("has the defaults that Unsloth writes into TRL's, from 2025.3 on", () => {
    const defaults = (stack: string): unknown[] =>
      ["per_device_train_batch_size", "gradient_accumulation_steps", "optim", "max_length"].map(
        (name) => taken(answered({ stack }), `training.${name}`),
      );
    expect(defaults("unsloth-2026.8")).toEqual([4, 2, "adamw_8bit", 2048]);
    expect(defaults("unsloth-2024.11")).toEqual([8, 1, "adamw_torch", 2048]);
  });

  it("takes what is asked for hf to be the model's own loss, which is Unsloth's", () => {
    const own = answered({ training: { loss: "hf" } });
    expect(own.memory).toEqual(answered({}).memory);
    expect(taken(own, "training.loss")).toBe("unsloth");
  });

  it("makes room for max_seq_length, and lists what changes nothing", () => {
    const wide = answered({ training: { max_length: 512, max_seq_length: 8192 } });
    const narrow = answered({ training: { max_length: 512, padding: true, use_reentrant: true } });
    expect(taken(narrow, "training.max_seq_length")).toBe(512);
    expect(narrow.ignored).toEqual(["training.use_reentrant", "training.padding"]);
    // Its positions are 131,072, of which 32,768 rows are made: more room changes nothing from 2024.7 on.
    expect(wide.memory?.reserved_loaded).toBe(narrow.memory?.reserved_loaded);
  });

  it("keeps the state of trained embeddings in 8 bits where they have a learning rate of their own", () => {
    const adapter = { r: 16, target_modules: PROJECTIONS, modules_to_save: ["embed_tokens"] };
    const moments = (training: object): unknown =>
      answered({ adapter, training })
        .memory?.parts.find(({ name }) => name === "optimizer")
        ?.tensors?.find(({ shape }) => shape[0] === 128_256);
    expect(moments({})).toMatchObject({ dtype: "float32", count: 2 });
    expect(moments({ embedding_learning_rate: 1e-5 })).toMatchObject({ dtype: "uint8", count: 2 });
  });

  it("loads Phi-3 in Llama's form, with Llama's targets", () => {
    const phi = answered({ model: "microsoft/phi-4" });
    expect(phi.parameters.by_module?.map(({ path }) => path.split(".").at(-1))).toEqual(
      PROJECTIONS,
    );
    expect(why({ model: "microsoft/phi-4" })).toBeUndefined();
  });
});

it.each([
  [{ model: "google/gemma-3-1b-it" }, "Gemma3ForCausalLM by modules that it compiles"],
  [{ quantization: { load_in_8bit: true } }, "load_in_8bit under Unsloth"],
  [{ hardware: { gpu: "2x T4" } }, "several cards under Unsloth"],
  [{ training: { attn_implementation: "flash_attention_2" } }, "flash-attn runs on Ampere"],
  [
    {
      stack: "unsloth-2025.4",
      adapter: { r: 8, target_modules: PROJECTIONS, modules_to_save: ["lm_head"] },
    },
    "the cut cross entropy",
  ],
  [
    {
      stack: "unsloth-2024.5",
      adapter: { r: 8, target_modules: PROJECTIONS, modules_to_save: ["embed_tokens"] },
    },
    "before 2024.6",
  ],
  [
    { adapter: { r: 8, target_modules: ["q_proj"], modules_to_save: ["input_layernorm"] } },
    "embed_tokens and lm_head alone",
  ],
  [
    { adapter: { r: 8, target_modules: ["q_proj", "embed_tokens"] } },
    "trains a copy of embed_tokens where target_modules names it; name it in modules_to_save",
  ],
])("%j has no program, which is said beside its counts", (fields, words) => {
  expect(why(fields)).toContain(words);
  expect(answered(fields).parameters.trainable).toBeGreaterThan(0);
});

it.each([
  [{ training: { loss: "nll" } }, "training.loss: Unsloth has a loss of its own"],
  [{ training: { attn_implementation: "sdpa" } }, "training.attn_implementation: Unsloth takes"],
  [{ training: { adapter_dtype: "bfloat16" } }, "training.adapter_dtype: Unsloth keeps"],
  [{ training: { use_liger_kernel: true } }, "training.use_liger_kernel: Unsloth's kernels"],
  [{ training: { dtype: "bfloat16", fp16: true, bf16: false } }, "training.dtype: Unsloth trains"],
  [
    { quantization: { load_in_4bit: true, bnb_4bit_quant_type: "fp4" } },
    "quantization: Unsloth loads",
  ],
  [
    { stack: "trl-1.16", training: { embedding_learning_rate: 1e-5 } },
    "training.embedding_learning_rate is of UnslothTrainer",
  ],
  [{ stack: "trl-1.16", training: { loss: "unsloth" } }, "training.loss: training.loss unsloth is"],
  [{ stack: "trl-1.16", training: { attn_implementation: "xformers" } }, "xformers is Unsloth's"],
  [
    { stack: "trl-1.16", training: { max_length: 8, max_seq_length: 9 } },
    "training.max_seq_length:",
  ],
])("%j is refused by name", (fields, words) => {
  expect(refusal(fields)).toContain(words);
});

it("is TRL's old name of max_length elsewhere", () => {
  const length = (name: string): unknown =>
    answered({ stack: "trl-1.16", training: { [name]: 300 } }).memory?.allocated_peak;
  expect(length("max_seq_length")).toBe(length("max_length"));
});
