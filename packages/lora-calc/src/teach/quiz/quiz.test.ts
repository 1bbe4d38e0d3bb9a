import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import type { Scenario } from "../../scenario.js";
import { lessonOf } from "../facts/lesson.js";
import { targetChoices } from "../facts/target-choices.js";
import { THEMES } from "./question.js";
import type { Question } from "./question.js";
import { quizOf } from "./quiz.js";

const LLAMA: Scenario = {
  model: "meta-llama/Llama-3.1-8B",
  adapter: { r: 16, lora_alpha: 32, target_modules: "all-linear" },
  quantization: {
    load_in_4bit: true,
    bnb_4bit_quant_type: "nf4",
    bnb_4bit_use_double_quant: true,
  },
  training: { per_device_train_batch_size: 2, max_length: 2048 },
};

const RUNS: readonly (readonly [string, Scenario])[] = [
  ["Llama-3.1-8B QLoRA", LLAMA],
  [
    "rank 1 and alpha 1",
    { ...LLAMA, adapter: { r: 1, lora_alpha: 1, target_modules: ["q_proj"] } },
  ],
  [
    "rsLoRA with DoRA",
    { ...LLAMA, adapter: { ...LLAMA.adapter, use_rslora: true, use_dora: true } },
  ],
  ["full fine-tuning", { model: "gpt2", adapter: null, training: { max_length: 512 } }],
  ["counts only", { model: "gpt2", adapter: { r: 8 } }],
  ["bfloat16 adapters", { ...LLAMA, training: { adapter_dtype: "bfloat16" } }],
  ["8-bit optimizer", { ...LLAMA, training: { optim: "adamw_bnb_8bit" } }],
];

function quizFor(scenario: Scenario): readonly Question[] {
  const result = estimate(scenario);
  if (isRefusal(result)) throw new Error(result.error.message);
  return quizOf(lessonOf({ scenario, estimate: result, targets: targetChoices(scenario) }));
}

/** Value of the right option. */
function answerTo(scenario: Scenario, id: Question["id"]): number | undefined {
  const question = quizFor(scenario).find((candidate) => candidate.id === id);
  const option = question?.options[question.right];
  return option?.kind === "amount" ? option.amount.value : undefined;
}

/** Mistakes behind the wrong options of a question, with their numbers. */
function mistakesIn(scenario: Scenario, id: Question["id"]): Readonly<Record<string, number>> {
  const question = quizFor(scenario).find((candidate) => candidate.id === id);
  const wrong = (question?.options ?? []).flatMap((option) =>
    option.kind === "amount" && option.mistake !== undefined
      ? [[option.mistake, option.amount.value] as const]
      : [],
  );
  return Object.fromEntries(wrong);
}

describe.each(RUNS)("quizOf %s", (_, scenario) => {
  const questions = quizFor(scenario);

  it("asks at least 15 questions, at least 3 per theme, none twice", () => {
    expect(questions.length).toBeGreaterThanOrEqual(15);
    for (const theme of THEMES) {
      expect(
        questions.filter((question) => question.theme === theme).length,
        theme,
      ).toBeGreaterThan(2);
    }
    expect(new Set(questions.map(({ id }) => id)).size).toBe(questions.length);
  });

  it("offers four options that differ by more than rounding, one of them right", () => {
    for (const { id, options, right } of questions) {
      expect(options.length, id).toBe(4);
      expect(options[right], id).toBeDefined();
      const shown = options.map((option) =>
        option.kind === "amount" ? option.amount.value.toPrecision(3) : option.key,
      );
      expect(new Set(shown).size, id).toBe(4);
      const unmarked = options.filter((option) => option.kind === "amount" && !option.mistake);
      expect(unmarked.length, id).toBe(options[right]?.kind === "amount" ? 1 : 0);
    }
  });

  it("is the same twice", () => {
    expect(quizFor(scenario)).toEqual(questions);
  });
});

describe("numbers of the quiz", () => {
  it("counts q_proj of Llama-3.1-8B at r=16 as 131,072 and knows the ways to miss it", () => {
    expect(answerTo(LLAMA, "layer-parameters")).toBe(131_072);
    expect(mistakesIn(LLAMA, "layer-parameters")).toEqual({
      "one-matrix": 65_536,
      "whole-matrix": 16_777_216,
      multiplied: 2_097_152,
    });
  });

  it("counts k_proj with 1024 outputs, and 4,194,304 for those who forget the shared heads", () => {
    expect(answerTo(LLAMA, "narrow-module")).toBe(2_621_440);
    expect(mistakesIn(LLAMA, "narrow-module")["forgot-shared-heads"]).toBe(4_194_304);
  });

  it("counts every linear module as PEFT does, against one of them only", () => {
    expect(answerTo(LLAMA, "all-linear")).toBe(41_943_040);
    expect(mistakesIn(LLAMA, "all-linear")).toEqual({
      "one-module": 4_194_304,
      "one-block": 13_631_488,
      "one-layer": 1_310_720,
    });
  });

  it("scales by 2 with α = 32 and r = 16, and by 8 with rsLoRA", () => {
    expect(answerTo(LLAMA, "scaling-value")).toBe(2);
    expect(mistakesIn(LLAMA, "scaling-value")["other-rule"]).toBe(8);
    expect(answerTo(LLAMA, "rank-raised")).toBe(0.5);
  });

  it("takes 16 bytes per float32 parameter with AdamW and 8 per bfloat16 one", () => {
    expect(answerTo(LLAMA, "adam-float32")).toBe(16);
    expect(answerTo(LLAMA, "adam-bfloat16")).toBe(8);
    expect(mistakesIn(LLAMA, "adam-bfloat16")).toEqual({
      "other-dtype": 16,
      "mixed-dtypes": 12,
      "one-average": 6,
    });
  });

  it("takes the optimizer states of the run from its own dtype", () => {
    expect(answerTo(LLAMA, "optimizer-of-run")).toBe(8 * 41_943_040);
    const bfloat16 = { ...LLAMA, training: { adapter_dtype: "bfloat16" } } as const;
    expect(answerTo(bfloat16, "optimizer-of-run")).toBe(4 * 41_943_040);
    expect(answerTo({ ...LLAMA, training: { optim: "adamw_bnb_8bit" } }, "optimizer-of-run")).toBe(
      undefined,
    );
  });

  it("stores the layer in 8.26 MiB of NF4 and 4.5 bits without double quantization", () => {
    expect(answerTo(LLAMA, "four-bit-layer")).toBe(8_655_940);
    expect(answerTo(LLAMA, "bits-per-parameter")).toBeCloseTo(4.5, 3);
  });

  it("tells GiB from GB: 8,030,261,248 parameters in bfloat16 are 14.96 GiB, not 16.06", () => {
    expect(answerTo(LLAMA, "base-in-gib")).toBe(16_060_522_496);
    const gigabytes = mistakesIn(LLAMA, "base-in-gib")["gb-for-gib"] ?? 0;
    expect(gigabytes / 2 ** 30).toBeCloseTo(16.06, 2);
  });

  it("sizes a float32 copy of the logits: 4096 × 128,256 × 4 bytes", () => {
    expect(answerTo(LLAMA, "logits-size")).toBe(2_101_346_304);
  });
});
