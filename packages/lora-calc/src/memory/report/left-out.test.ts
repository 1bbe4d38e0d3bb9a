import { expect, it } from "vitest";
import { estimate } from "../../estimate.js";
import { isRefusal } from "../../result.js";

it("says what stands behind EmbeddingGemma, and pools it by the mean", () => {
  const result = estimate({
    model: "google/embeddinggemma-300m",
    adapter: { r: 8, target_modules: ["q_proj"], task_type: "FEATURE_EXTRACTION" },
    hardware: { gpu: "RTX 4090" },
  });
  if (isRefusal(result)) throw new Error(result.error.message);
  // 2 · 768 · 3,072 weights, 16 bytes each with gradient and AdamW's states.
  expect(result.warnings.map(({ message }) => message).join()).toContain(
    "(768 → 3072 → 768), they train whole beside an adapter: about 72 MiB more",
  );
  const pooling = result.assumed.find(({ path }) => path === "training.pooling_mode");
  expect(pooling?.value).toBe("mean");
  expect(result.memory?.allocated_peak).toBeGreaterThan(600 * 2 ** 20);
});
