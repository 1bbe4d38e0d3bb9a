import { asScenario } from "../exchange/as-scenario.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../problem/problem.js";
import type { Scenario } from "../scenario.js";
import { decodeLink, encodeLink } from "./link.js";

const QLORA: Scenario = {
  schema: 1,
  model: "meta-llama/Llama-3.1-8B",
  adapter: { r: 16, lora_alpha: 32, lora_dropout: 0.05, target_modules: ["q_proj", "v_proj"] },
  quantization: { load_in_4bit: true, bnb_4bit_quant_type: "nf4" },
  hardware: { gpu: "RTX 4090" },
};

/** The text of every value that JSON can carry; -0 is left out because JSON writes it as 0. */
const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));
const section = fc.dictionary(fc.string(), json);
const scenarios = fc
  .record(
    {
      schema: fc.constant(1 as const),
      id: fc.string({ unit: "binary" }),
      model: fc.oneof(fc.string({ unit: "binary" }), section),
      adapter: fc.oneof(section, fc.constant(null)),
      quantization: fc.oneof(section, fc.constant(null)),
      training: section,
      hardware: section,
      stack: fc.string(),
    },
    { requiredKeys: ["schema", "model"] },
  )
  .map(asScenario);

describe("encodeLink(scenario)", () => {
  it("is readable", () => {
    expect(encodeLink(QLORA)).toMatchInlineSnapshot(
      `"v=1&model=meta-llama/Llama-3.1-8B&adapter.r=16&adapter.lora_alpha=32&adapter.lora_dropout=0.05&adapter.target_modules=q_proj,v_proj&quantization.load_in_4bit=true&quantization.bnb_4bit_quant_type=nf4&hardware.gpu=RTX%204090"`,
    );
  });

  it("tells a text from the number, the list and the keyword it looks like", () => {
    const adapter = {
      target_modules: "q_proj,v_proj",
      bias: "none",
      r: "16",
      layers: ["0"],
      x: "null",
    };
    expect(encodeLink(asScenario({ model: "gpt2", adapter }))).toMatchInlineSnapshot(
      `"v=1&model=gpt2&adapter.target_modules=%22q_proj,v_proj%22&adapter.bias=none&adapter.r=%2216%22&adapter.layers=%5B%220%22%5D&adapter.x=%22null%22"`,
    );
    expect(decodeLink(encodeLink(asScenario({ model: "gpt2", adapter }))).adapter).toEqual(adapter);
  });

  it("writes a list as one where it would read as a number or a keyword", () => {
    const lists = { a: ["1", "2"], b: ["q", "v"], c: ["true", "x"] };
    const link = encodeLink(asScenario({ model: "gpt2", adapter: lists }));
    expect(link).toContain("adapter.b=q,v");
    expect(decodeLink(link).adapter).toEqual(lists);
  });

  it("keeps every scenario", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        expect(decodeLink(`#${encodeLink(scenario)}`)).toEqual(scenario);
      }),
    );
  });
});

describe("decodeLink(text)", () => {
  // Links of version 1 stay readable: these texts may not be changed.
  it("reads a link of version 1", () => {
    expect(
      decodeLink("?v=1&model=gpt2&adapter=null&training.max_length=512&hardware.gpu=T4"),
    ).toEqual({
      schema: 1,
      model: "gpt2",
      adapter: null,
      training: { max_length: 512 },
      hardware: { gpu: "T4" },
    });
  });

  it.each([
    ["model=gpt2", "missing_field", "link has no version"],
    ["v=2&model=gpt2", "invalid_value", "another version"],
    ["v=1", "missing_field", "model must be"],
    ["v=1&model=gpt2&adaptor.r=8", "unknown_field", "did you mean adapter"],
    ["v=1&model=gpt2&adapter=8", "invalid_type", "adapter must be an object"],
    ["v=1&model=gpt2&adapter.r=%zz", "invalid_value", "link is damaged"],
    [
      'v=1&model=gpt2&adapter.rank_pattern={"a":',
      "invalid_json",
      "adapter.rank_pattern is not JSON",
    ],
    [`v=1&model=${"x".repeat(70_000)}`, "limit_exceeded", "at most 65536"],
  ])("refuses %s", (text, code, message) => {
    let problem;
    try {
      decodeLink(text);
    } catch (error) {
      problem = error instanceof InputError ? error.problem : error;
    }
    expect(problem).toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  it.each([
    ["v=2&model=gpt2", "v", undefined],
    ["v=1&model=3", "model", "invalid_type"],
    ["v=1", "model", "missing_field"],
  ])("says where %s is wrong", (text, path, code) => {
    let problem;
    try {
      decodeLink(text);
    } catch (error) {
      problem = error instanceof InputError ? error.problem : error;
    }
    expect(problem).toMatchObject({ path, ...(code === undefined ? {} : { code }) });
  });

  it("passes over what stands between two ampersands", () => {
    expect(decodeLink("v=1&&model=gpt2&")).toEqual({ schema: 1, model: "gpt2" });
  });

  it("treats __proto__ as data", () => {
    const scenario = decodeLink("v=1&model=gpt2&adapter.__proto__=%7B%22r%22:1%7D");
    expect(Object.keys(scenario.adapter ?? {})).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["r"]).toBeUndefined();
  });

  it("answers any text with a scenario or a Problem", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        try {
          decodeLink(`v=1&${text}`);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
    );
  });
});
