/** Losses that no judge can run without a GPU: what their published code says, in its own examples and in bytes. */

import { describe, expect, it } from "vitest";
import { planAdapter } from "../../../adapter/plan-adapter.js";
import { findModel } from "../../../catalogue/models.js";
import { estimate } from "../../../estimate.js";
import { buildGraph } from "../../../graph/build-graph.js";
import { describeModel } from "../../../model/description.js";
import { isRefusal } from "../../../result.js";
import { recordStep } from "../run-step.js";
import { DEFAULT_STEP } from "../../../fields/step.js";
import { readTraining } from "../../settings/training.js";
import { chunkRows } from "./liger.js";
import { USUAL_WORLD } from "../../../worlds/index.js";
import { attentionCard, DEFAULT_WHEEL } from "../../../catalogue/cuda.js";

const TOKENS = 2 * 2048;
const ADAPTER = { r: 16, target_modules: ["q_proj", "v_proj"] };

/** Most bytes that the loss of gemma-2-2b holds at once. */
function lossBytes(loss: string, change: object = {}): number {
  const given = { per_device_train_batch_size: 2, max_length: 2048, loss, ...change };
  const model = describeModel("google/gemma-2-2b", (id) => findModel(id).config);
  const { graph } = buildGraph(model, USUAL_WORLD);
  const plan = planAdapter(graph, ADAPTER, USUAL_WORLD);
  const training = readTraining(given, { own: DEFAULT_STEP, source: "" }).settings;
  const step = recordStep({
    rules: USUAL_WORLD.rules,
    graph,
    plan,
    training,
    quantization: undefined,
    cublasWorkspaceBytes: 0,
    card: attentionCard("8.0", DEFAULT_WHEEL),
    multiprocessors: 108,
    strategy: "one_card",
  });
  const { events, origins } = step.recording;
  let held = 0;
  let most = 0;
  for (const event of events) {
    const origin = step.tape.allocations[origins[event < 0 ? ~event : event] ?? -1];
    if (origin?.kind !== "logits") continue;
    held += event < 0 ? -origin.bytes : origin.bytes;
    most = Math.max(most, held);
  }
  return most;
}

describe("Liger's fused loss", () => {
  // The example in the comment of its forward: 16,384 tokens, V = 32,000, H = 4,096.
  it("takes 2,048 rows of Llama-2 at a time", () => {
    expect(chunkRows(4096 * 4, 32_000, 4096)).toBe(2048);
  });

  it("holds two chunks of logits, the gradient of the hidden state and one product", () => {
    const [vocabulary, hidden] = [256_000, 2304];
    const rows = chunkRows(TOKENS, vocabulary, hidden);
    expect(rows).toBe(64);
    const gradient = TOKENS * hidden * 2;
    const logits = rows * vocabulary * 2;
    const small = lossBytes("liger") - gradient - 2 * logits;
    expect(small).toBeGreaterThan(0);
    expect(small).toBeLessThan(4 * 2 ** 20);
  });

  it("is refused for a model that Liger leaves alone", () => {
    const result = estimate({ model: "gpt2", adapter: { r: 8 }, training: { loss: "liger" } });
    expect(isRefusal(result) && result.error).toMatchObject({
      code: "unsupported",
      path: "training.loss",
    });
  });
});

describe("cut cross entropy", () => {
  it("holds no logits: the gradient of the hidden state, and the vocabulary once or twice", () => {
    const gradient = TOKENS * 2304 * 2;
    const small = lossBytes("cce") - gradient;
    expect(small).toBeGreaterThan(0);
    expect(small).toBeLessThan(6 * 2 ** 20);
  });

  it("copies a float32 head to 16 bits under autocast", () => {
    const copies = 256_000 * 2304 * 2 + TOKENS * 2304 * 2;
    expect(lossBytes("cce", { dtype: "float32" })).toBeGreaterThan(copies);
  });

  it("is refused for a model in float32 without autocast", () => {
    expect(() => lossBytes("cce", { dtype: "float32", bf16: false })).toThrow("16-bit");
  });
});
