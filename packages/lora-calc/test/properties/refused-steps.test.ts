/** Steps on which PyTorch stops: a Problem that says what it raises, not an exception of ours. */

import { asScenario } from "../../src/exchange/as-scenario.js";
import { describe, expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";

const SMALL = {
  ...{ model_type: "llama", vocab_size: 1000, hidden_size: 256, intermediate_size: 640 },
  ...{ num_hidden_layers: 4, num_attention_heads: 8, num_key_value_heads: 2 },
};
const LORA = { r: 8, target_modules: "all-linear" };
const model = { config: SMALL };

describe("a step on which PyTorch stops", () => {
  it.each(["chunked_nll", "liger", "cce"])("one token under %s", (loss) => {
    const result = estimate(
      asScenario({ model, adapter: LORA, training: { max_length: 1, loss } }),
    );
    expect(result).toMatchObject({ error: { code: "invalid_value", path: "training.max_length" } });
  });

  it.each(["hf", "nll"])("one token under %s runs, as it does there", (loss) => {
    const result = estimate(
      asScenario({ model, adapter: LORA, training: { max_length: 1, loss } }),
    );
    expect(result).toHaveProperty("memory");
  });

  it("full fine-tuning after k-bit preparation", () => {
    const result = estimate({ model, adapter: null, training: { prepare_kbit: true } });
    expect(result).toMatchObject({
      error: { code: "invalid_value", path: "training.prepare_kbit" },
    });
  });

  it("an adapter on the head alone, which chunked_nll does not run", () => {
    const adapter = { r: 8, target_modules: ["lm_head"] };
    const training = { loss: "chunked_nll", gradient_checkpointing: false };
    expect(estimate(asScenario({ model, adapter, training }))).toMatchObject({
      error: { code: "invalid_value", path: "adapter.target_modules" },
    });
  });
});
