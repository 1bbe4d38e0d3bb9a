import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import type { Estimate } from "../../result.js";
import type { JsonObject } from "../../problem/fields.js";

const LORA = { r: 16, target_modules: ["q_proj", "v_proj"] };

function answered(model: JsonObject, fields: JsonObject = {}): Estimate {
  const result = estimate({ model, adapter: LORA, ...fields });
  if (isRefusal(result)) throw new Error(result.error.message);
  return result;
}

describe("a model of sizes typed by hand", () => {
  it("is exact for what it is told", () => {
    // Llama-2-7b: 6,738,415,616 parameters, and r=16 on q and v trains 32 · 2 · 16 · (4,096 + 4,096) of them.
    const { parameters, assumed } = answered({
      hidden_size: 4096,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 32,
      head_dim: 128,
      intermediate_size: 11_008,
      vocab_size: 32_000,
      tie_word_embeddings: false,
    });
    expect(parameters).toMatchObject({ base: 6_738_415_616, trainable: 8_388_608 });
    expect(assumed).toEqual([]);
  });

  it("has the total it is told, and lists what it took for the rest", () => {
    const sizes = { hidden_size: 4096, num_hidden_layers: 32, total_params: 7_000_000_000 };
    const { parameters, assumed, weights } = answered(sizes);
    expect(parameters).toMatchObject({ base: 7_000_000_000, trainable: 8_388_608 });
    expect(weights?.bytes).toBeGreaterThanOrEqual(14_000_000_000);
    expect(assumed.map(({ path }) => path)).toContain("model.intermediate_size");
  });

  it("has a memory", () => {
    const sizes = { hidden_size: 1024, num_hidden_layers: 8, total_params: 200_000_000 };
    expect(answered(sizes, { training: {} }).memory?.allocated_peak).toBeGreaterThan(400_000_000);
  });

  it.each([
    [{ hidden_size: 4096 }, "missing_field", "model.num_hidden_layers"],
    [
      { hidden_size: 4096, num_hidden_layers: 32, total_params: 10 },
      "invalid_value",
      "model.total_params",
    ],
    [{ hidden_size: 4096, num_hidden_layers: 32, layers: 3 }, "unknown_field", "model.layers"],
  ])("refuses %j", (model, code, path) => {
    expect(estimate({ model, adapter: LORA })).toMatchObject({ error: { code, path } });
  });
});
