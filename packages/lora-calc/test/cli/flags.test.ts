import { describe, expect, it } from "vitest";
import { applyFlags, flagValue } from "../../cli/input/apply-flags.js";
import { SCENARIO_FLAGS } from "../../cli/input/scenario-flags.js";

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
    ["gpu", "24GiB", "24GiB"],
    ["gpu", "RTX 4090", "RTX 4090"],
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

describe("SCENARIO_FLAGS", () => {
  it("share no spelling", () => {
    const spellings = SCENARIO_FLAGS.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(spellings).size).toBe(spellings.length);
  });
});
