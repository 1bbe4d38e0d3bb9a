import { describe, expect, it } from "vitest";
import { InputError } from "../problem/problem.js";
import { applyDocument } from "./apply-document.js";

const SCENARIO = { model: "gpt2", adapter: { r: 8 }, training: { max_length: 512 } };

describe("applyDocument", () => {
  it("takes a config.json as the model and keeps everything else", () => {
    const config = { model_type: "llama", hidden_size: 64 };
    expect(applyDocument(SCENARIO, config, "config.json")).toEqual({
      ...SCENARIO,
      model: { config },
    });
  });

  it("takes an adapter_config.json as the adapter, with its base when it names one", () => {
    const adapter = { peft_type: "LORA", r: 4 };
    expect(applyDocument(SCENARIO, adapter, "a.json")).toEqual({ ...SCENARIO, adapter });
    const named = { ...adapter, base_model_name_or_path: "Qwen/Qwen3-4B" };
    expect(applyDocument(SCENARIO, named, "a.json").model).toBe("Qwen/Qwen3-4B");
  });

  it("takes a scenario whole", () => {
    expect(applyDocument(SCENARIO, { model: "bloom" }, "s.json")).toEqual({ model: "bloom" });
  });

  it.each([[], "text", 3, null, {}, { r: 8 }])("refuses %j", (document) => {
    expect(() => applyDocument(SCENARIO, document, "x.json")).toThrow(InputError);
  });

  it("says what it looks for, and what it found", () => {
    try {
      applyDocument(SCENARIO, { rank: 8 }, "x.json");
      expect.unreachable();
    } catch (error) {
      expect(error instanceof InputError ? error.problem : error).toMatchObject({
        code: "missing_field",
        path: "model",
        message: expect.stringContaining("x.json is neither a config.json (model_type)") as string,
        received: ["rank"],
        expected: "an object with model_type, peft_type or model",
      });
    }
  });
});
