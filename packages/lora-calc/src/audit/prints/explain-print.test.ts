import { asScenario } from "../../exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import type { Scenario } from "../../scenario.js";
import { explainPrint } from "./explain-print.js";

const LLAMA_30B = {
  model_type: "llama",
  hidden_size: 6656,
  intermediate_size: 17_920,
  num_hidden_layers: 60,
  num_attention_heads: 52,
  vocab_size: 32_001,
};

function codesOf(scenario: Scenario, text: string): readonly string[] {
  const result = explainPrint(scenario, text);
  if ("error" in result) return [result.error.code];
  return result.reasons.map(({ code }) => code);
}

describe("explainPrint names what people saw", () => {
  // https://github.com/artidoro/qlora/issues/184
  it("4-bit weights counted by their bytes", () => {
    const adapter = { r: 256, lora_alpha: 512, target_modules: ["q_proj", "v_proj"] };
    const scenario = { model: { config: LLAMA_30B }, adapter };
    expect(
      codesOf(scenario, "trainable params: 408,944,640 || all params: 16,886,824,448"),
    ).toEqual(["same", "packed_4bit"]);
  });

  // The same print, asked of a run with another rank.
  it("another rank and 4-bit weights by their bytes", () => {
    const adapter = { r: 16, target_modules: ["q_proj", "v_proj"] };
    const result = explainPrint(
      { model: { config: LLAMA_30B }, adapter },
      "trainable params: 408,944,640 || all params: 16,886,824,448",
    );
    const reasons = "error" in result ? [] : result.reasons;
    expect(reasons.map(({ code }) => code)).toContain("other_adapter");
    expect(reasons[0]?.message).toMatch(/r=256 on q_proj, v_proj.*4-bit weights/);
  });

  // https://github.com/huggingface/peft/pull/1806
  it("the share of one of two processes", () => {
    const scenario = {
      model: "facebook/opt-125m",
      adapter: { r: 8, use_dora: true, target_modules: "all-linear" },
    };
    expect(codesOf(scenario, "Number of trainable parameters = 705,024")).toEqual(["sharded"]);
    const printed = "trainable params: 1,410,048 || all params: 126,649,344 || trainable%: 1.1133";
    expect(codesOf(scenario, printed)).toEqual(["same"]);
  });

  // https://github.com/huggingface/peft/issues/801
  it("PEFT of 2023, which left the head of a task out", () => {
    const scenario = {
      model: { id: "google-bert/bert-base-uncased", architecture: "BertForQuestionAnswering" },
      adapter: { r: 16, task_type: "QUESTION_ANS" },
    } as const;
    expect(codesOf(scenario, "589,824 / 109,483,010")).toEqual(["without_head", "same"]);
    expect(codesOf(scenario, "591,362 / 109,484,548")).toEqual(["same"]);
  });

  // https://github.com/unslothai/unsloth/pull/1289
  it("MLX, whose whole is the base alone", () => {
    const scenario = {
      model: "meta-llama/Meta-Llama-3-8B",
      adapter: {
        r: 8,
        target_modules: ["q_proj", "v_proj"],
        layers_to_transform: Array.from({ length: 16 }, (_, index) => 16 + index),
      },
    };
    const printed = "Trainable parameters: 0.021% (1.704M/8030.261M)";
    expect(codesOf(scenario, printed)).toEqual(["same", "base_alone"]);
  });

  // https://github.com/stanfordnlp/pyreft/issues/67
  it("another model than was said", () => {
    const scenario = {
      model: "meta-llama/Llama-2-13b-hf",
      adapter: { peft_type: "PREFIX_TUNING", num_virtual_tokens: 10, task_type: "CAUSAL_LM" },
    };
    const result = explainPrint(asScenario(scenario), "2,621,440 / 6,741,037,056");
    expect(result).toHaveProperty("reasons[0].code", "other_model");
    expect(result).toHaveProperty("reasons[0].message", expect.stringMatching(/llama-?(?:2-)?7b/i));
  });

  // https://github.com/huggingface/peft/issues/1410
  it("nothing that trains", () => {
    const scenario = { model: "gpt2", adapter: { r: 8 } };
    expect(codesOf(scenario, "trainable params: 0 || all params: 124,734,720")).toEqual([
      "none_trainable",
      "same",
    ]);
  });

  it("a vocabulary that grew", () => {
    // 64 rows of 768 more than in "124,734,720".
    const scenario = { model: "gpt2", adapter: { r: 8 } };
    expect(codesOf(scenario, `294,912 / ${124_734_720 + 64 * 768}`)).toEqual(["same", "resized"]);
  });

  it("experts of before transformers 5", () => {
    const adapter = { r: 8, target_modules: "all-linear" };
    const scenario = { model: "mistralai/Mixtral-8x7B-v0.1", adapter };
    // Judged for small Mixtrals under 4.57 (counts-transformers-4.jsonl.gz): every w1, w2, w3 and gate is a Linear.
    const perExpert = 3 * 8 * (4096 + 14_336);
    const attention = 8 * (2 * (4096 + 4096) + 2 * (4096 + 1024));
    const gate = 8 * (4096 + 8);
    const trainable = 32 * (8 * perExpert + attention + gate);
    expect(codesOf(scenario, String(trainable))).toEqual(["other_transformers"]);
  });

  it("another rank", () => {
    const scenario = { model: "gpt2", adapter: { r: 8 } };
    const result = explainPrint(scenario, `${16 * (768 + 2304) * 12}`);
    expect(result).toHaveProperty("reasons[0].message", expect.stringContaining("r=16"));
  });

  it("a base that was not frozen, and what nothing explains", () => {
    const scenario = { model: "gpt2", adapter: { r: 8 } };
    expect(codesOf(scenario, "124,439,808")).toEqual(["nothing_frozen"]);
    expect(codesOf(scenario, "123,456,789")).toEqual(["unexplained"]);
    expect(codesOf(scenario, "no number")).toEqual(["invalid_value"]);
  });
});

describe("what else is printed", () => {
  const LLAMA_3 = {
    model: "meta-llama/Meta-Llama-3-8B",
    adapter: { r: 8, target_modules: "all-linear" },
  };
  const reasonsOf = (scenario: Scenario, text: string): readonly string[] => {
    const result = explainPrint(scenario, text);
    if ("error" in result) throw new Error(result.error.message);
    return result.reasons.map(({ message }) => message);
  };

  // 20,971,520 of the adapters and twice 128,256 x 4,096 of embeddings and head.
  it("embeddings and head that train beside the adapter", () => {
    const [first] = reasonsOf(
      LLAMA_3,
      "trainable params: 1,071,644,672 || all params: 9,101,905,920 || trainable%: 11.7738",
    );
    expect(first).toContain("embed_tokens and lm_head trained in full");
  });

  it("another usual rank", () => {
    const run = { ...LLAMA_3, adapter: { r: 16, target_modules: "all-linear" } };
    expect(reasonsOf(run, "20,971,520")[0]).toContain("r=8 on all-linear");
  });

  it("the tie that transformers 4 makes of what a checkpoint holds apart", () => {
    const run = { model: "google/flan-t5-large", adapter: { r: 16, target_modules: ["q", "v"] } };
    // The number of transformers 4: without the head's 32,128 x 1,024.
    expect(reasonsOf(run, "4,718,592 / 754,969,600")[1]).toContain("transformers 4 ties");
  });

  it("rounded numbers and shares", () => {
    const run = {
      model: "meta-llama/Llama-3.1-8B",
      adapter: { r: 16, target_modules: "all-linear" },
    };
    expect(reasonsOf(run, "about 42M")[0]).toContain("what PEFT prints");
    expect(reasonsOf(run, "0.52 %")[0]).toContain("the share that PEFT prints");
    expect(reasonsOf(run, "trainable%: 0.2605")[0]).toContain("r=8 on all-linear");
    expect(reasonsOf(run, "77.7 %")[0]).toContain("0.5196 %");
  });

  it("each reading once", () => {
    for (const text of ["0.28 %", "about 21M", "20,971,520", "~7M"]) {
      const found = reasonsOf(LLAMA_3, text);
      expect(new Set(found).size).toBe(found.length);
    }
  });
});
