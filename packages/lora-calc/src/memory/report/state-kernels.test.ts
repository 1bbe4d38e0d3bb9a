import { expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";

function codesOf(model: string): readonly string[] {
  const adapter = { r: 8, target_modules: "all-linear" };
  const result = estimate({ model, adapter, training: { max_length: 64 } });
  if (isRefusal(result)) throw new Error(result.error.message);
  expect(result.memory).toHaveProperty("allocated_peak");
  return result.warnings.map(({ code }) => code);
}

it("tells which kernels layers with a state run, and nobody else", () => {
  expect(codesOf("qwen3.5-0.8b")).toContain("state_kernels");
  expect(codesOf("lfm2-350m")).toContain("state_kernels");
  expect(codesOf("qwen3-0.6b")).not.toContain("state_kernels");
});
