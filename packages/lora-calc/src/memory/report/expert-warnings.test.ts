import { describe, expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";
import type { JsonObject } from "../../problem/fields.js";

/** Warnings about Qwen3-30B-A3B, by code. */
function warned(fields: JsonObject): Readonly<Record<string, string>> {
  const result = estimate({ model: "Qwen/Qwen3-30B-A3B", ...fields });
  if (isRefusal(result)) throw new Error(result.error.message);
  return Object.fromEntries(result.warnings.map(({ code, message }) => [code, message]));
}

const FOUR_BIT = { load_in_4bit: true };
const ATTENTION = { r: 8, target_modules: ["q_proj", "v_proj"] };

describe("experts", () => {
  it("are not packed by bitsandbytes", () => {
    const { experts_not_quantized: message } = warned({ quantization: FOUR_BIT });
    // 48 layers of 128 experts, each (1536, 2048) and (2048, 768).
    expect(message).toContain("28,991,029,248 parameters, 54.00 GiB in bfloat16");
    expect(warned({ adapter: ATTENTION })).not.toHaveProperty("experts_not_quantized");
  });

  it("have a gradient of their size on cards that run them one by one", () => {
    const training = { dtype: "float16", bf16: false, fp16: true };
    const onTuring = warned({ adapter: ATTENTION, training, hardware: { gpu: "T4" } });
    // 128 experts of (2048, 1536) in two bytes.
    expect(onTuring["experts_one_by_one"]).toContain("a gradient of 768.0 MiB");
    expect(onTuring).not.toHaveProperty("memory_not_computed");
    const onAmpere = warned({ adapter: ATTENTION, training, hardware: { gpu: "A100 80GB" } });
    expect(onAmpere).not.toHaveProperty("experts_one_by_one");
  });

  it("are written anew when adapted, which only memory shows", () => {
    const everything = { r: 8, target_modules: "all-linear" };
    const training = { dtype: "bfloat16" };
    const { experts_rebuilt: message } = warned({ adapter: everything, training });
    // 128 experts of 4,718,592 weights in two bytes.
    expect(message).toContain("up to 1.13 GiB each time");
    expect(warned({ adapter: everything })).not.toHaveProperty("experts_rebuilt");
    expect(warned({ adapter: ATTENTION, training })).not.toHaveProperty("experts_rebuilt");
  });
});
