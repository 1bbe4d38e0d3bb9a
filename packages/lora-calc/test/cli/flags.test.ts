import { readFileSync } from "node:fs";
import { listFields } from "lora-calc";
import { describe, expect, it } from "vitest";
import { applyFlags, flagValue } from "../../cli/input/apply-flags.js";
import { SCENARIO_FLAGS } from "../../cli/input/scenario-flags.js";

/** Spellings before the flags were made from the table of fields, with the field that each set. */
const FLAGS_OF_VERSION_1 = JSON.parse(
  readFileSync(new URL("flags-version-1.json", import.meta.url), "utf8"),
) as Readonly<Record<string, string>>;

describe("flagValue(kind, text)", () => {
  it.each([
    ["number", "16", 16],
    ["number", "5e-2", 0.05],
    ["number", "abc", "abc"],
    ["number", "0x10", "0x10"],
    ["number", "", ""],
    ["names", "lm_head, embed_tokens,", ["lm_head", "embed_tokens"]],
    ["targets", "q_proj,v_proj", ["q_proj", "v_proj"]],
    ["targets", "self_attn.q_proj", ["self_attn.q_proj"]],
    ["targets", "all-linear", "all-linear"],
    ["targets", ".*\\.(q|v)_proj", ".*\\.(q|v)_proj"],
    ["text", "24GiB", "24GiB"],
    ["text", "RTX 4090", "RTX 4090"],
    ["switch", false, false],
  ] as const)("%s %j is %j", (kind, text, value) => {
    expect(flagValue(kind, text)).toEqual(value);
  });
});

describe("applyFlags(scenario, values)", () => {
  it("sets fields beside those of the file", () => {
    const scenario = { model: "gpt2", adapter: { r: 64, bias: "none" } };
    const values = new Map<string, string | boolean>([
      ["--rank", "8"],
      ["--qlora", true],
      ["--stack", "trl-1.13"],
    ]);
    expect(applyFlags(scenario, values)).toEqual({
      model: "gpt2",
      adapter: { r: 8, bias: "none" },
      quantization: {
        load_in_4bit: true,
        bnb_4bit_quant_type: "nf4",
        bnb_4bit_use_double_quant: true,
      },
      stack: "trl-1.13",
    });
  });

  it("makes an adapter where the file says full fine-tuning", () => {
    const values = new Map([["--rank", "8"]]);
    expect(applyFlags({ model: "gpt2", adapter: null }, values).adapter).toEqual({ r: 8 });
  });
});

describe("--task-type", () => {
  const task = new Map([["--task-type", "TOKEN_CLS"]]);

  it("means the class with the head of the task", () => {
    expect(applyFlags({ model: "gpt2" }, task)).toEqual({
      model: { id: "gpt2", architecture: "GPT2ForTokenClassification" },
      adapter: { task_type: "TOKEN_CLS" },
    });
  });

  it("leaves a class alone that the scenario names, and a task without one", () => {
    const named = { model: { id: "gpt2", architecture: "GPT2LMHeadModel" } };
    expect(applyFlags(named, task).model).toEqual(named.model);
    expect(applyFlags({ model: "gpt2" }, new Map([["--task-type", "TYPO"]])).model).toBe("gpt2");
  });
});

describe("SCENARIO_FLAGS", () => {
  it.each(Object.entries(FLAGS_OF_VERSION_1))("%s still sets %s", (spelling, path) => {
    const flag = SCENARIO_FLAGS.find(({ name, aliases }) => [name, ...aliases].includes(spelling));
    expect(flag?.path).toBe(path);
  });

  it("name fields of the table, each once, the model, and two that stand for several", () => {
    const paths = SCENARIO_FLAGS.map(({ path }) => path);
    const known = listFields().map(({ path }) => path);
    expect(paths.filter((path) => !known.includes(path))).toEqual([
      "model",
      "adapter",
      "quantization",
    ]);
    expect(new Set(paths).size).toBe(paths.length);
  });

  it("share no spelling", () => {
    const spellings = SCENARIO_FLAGS.flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(spellings).size).toBe(spellings.length);
  });
});
