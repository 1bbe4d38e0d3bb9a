/** What must hold of memory whatever the numbers: more work needs no less, parts make up the whole, checkpointing pays. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planAdapter } from "../../src/adapter/plan-adapter.js";
import { estimate } from "../../src/estimate.js";
import { buildGraph } from "../../src/graph/build-graph.js";
import { readQuantization } from "../../src/memory/settings/quantization.js";
import { recordStep } from "../../src/memory/programs/run-step.js";
import { DEFAULT_STEP } from "../../src/fields/step.js";
import { readTraining } from "../../src/memory/settings/training.js";
import { describeModel } from "../../src/model/description.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { isRefusal } from "../../src/result.js";
import { peaksOf } from "../../src/exchange/peaks.js";
import { optimizer, SMALL_SIZES, storage } from "./small-model.js";
import { draws } from "./draws.js";
import { USUAL_WORLD } from "../../src/worlds/index.js";
import { attentionCard, DEFAULT_WHEEL } from "../../src/catalogue/cuda.js";

interface Run {
  readonly config: JsonObject;
  readonly rank: number;
  readonly quantization: JsonObject | null;
  readonly training: Training;
}

interface Training extends JsonObject {
  readonly per_device_train_batch_size: number;
  readonly max_length: number;
  readonly gradient_checkpointing: boolean;
}

const run: fc.Arbitrary<Run> = fc.record({
  config: fc
    .record({
      model_type: fc.constantFrom("llama", "mistral", "qwen2", "qwen3", "gemma2", "olmo2", "phi3"),
      num_hidden_layers: fc.integer({ min: 2, max: 12 }),
      tie_word_embeddings: fc.boolean(),
    })
    .map((drawn) => ({ ...SMALL_SIZES, pad_token_id: 0, ...drawn })),
  rank: fc.integer({ min: 1, max: 64 }),
  quantization: storage,
  training: fc.record({
    per_device_train_batch_size: fc.integer({ min: 1, max: 8 }),
    max_length: fc.integer({ min: 16, max: 3000 }),
    gradient_checkpointing: fc.boolean(),
    use_reentrant: fc.boolean(),
    bf16: fc.boolean(),
    optim: optimizer,
    loss: fc.constantFrom("hf", "nll", "chunked_nll", "fused", "liger"),
    attn_implementation: fc.constantFrom("sdpa", "eager"),
    padding: fc.boolean(),
  }),
});

/** Highest sum of what is asked of the allocator, before it rounds. Unit: bytes. */
function requestedPeak({ config, rank, quantization, training }: Run): number {
  const { graph } = buildGraph(
    describeModel({ config }, () => ({})),
    USUAL_WORLD,
  );
  const adapter = { r: rank, target_modules: "all-linear" };
  const { recording, sizes } = recordStep({
    rules: USUAL_WORLD.rules,
    graph,
    plan: planAdapter(graph, adapter, USUAL_WORLD),
    quantization: readQuantization(quantization),
    training: readTraining(training, { own: DEFAULT_STEP, source: "" }).settings,
    cublasWorkspaceBytes: 0,
    card: attentionCard("8.0", DEFAULT_WHEEL),
    multiprocessors: 108,
    strategy: "one_card",
  });
  let requested = 0;
  let peak = 0;
  for (const event of recording.events) {
    const bytes = sizes[recording.origins[event < 0 ? ~event : event] ?? -1] ?? 0;
    requested += event < 0 ? -bytes : bytes;
    peak = Math.max(peak, requested);
  }
  return peak;
}

const RUNS = { numRuns: draws(120), seed: 16 };

describe("requested bytes", () => {
  it.each([
    [
      "batch",
      (value: Run, more: number) => withTraining(value, "per_device_train_batch_size", more),
    ],
    ["length", (value: Run, more: number) => withTraining(value, "max_length", more)],
    ["rank", (value: Run, more: number) => ({ ...value, rank: value.rank + more })],
  ])(
    "do not fall with the %s",
    (what, raised) => {
      fc.assert(
        fc.property(run, fc.integer({ min: 1, max: 40 }), (drawn, more) => {
          fc.pre(what !== "rank" || !shrinksStates(drawn));
          expect(requestedPeak(raised(drawn, more))).toBeGreaterThanOrEqual(requestedPeak(drawn));
        }),
        RUNS,
      );
    },
    60_000,
  );

  it("do not rise with gradient checkpointing", () => {
    fc.assert(
      fc.property(run, (drawn) => {
        fc.pre(drawn.training.max_length >= MIN_CHECKPOINTED);
        const peakWith = (gradient_checkpointing: boolean): number =>
          requestedPeak({ ...drawn, training: { ...drawn.training, gradient_checkpointing } });
        expect(peakWith(true)).toBeLessThanOrEqual(peakWith(false));
      }),
      RUNS,
    );
  });
});

/** bitsandbytes keeps the states of tensors below 4,096 elements in 32 bits: a larger rank can need a quarter. */
function shrinksStates({ training }: Run): boolean {
  return training["optim"] === "adamw_bnb_8bit";
}

/**
 * With fewer tokens the layers keep less than one unpacked weight: recomputed beside the gradient that waits for it, that
 * weight makes a higher peak than all activations did.
 */
const MIN_CHECKPOINTED = 256;

function withTraining(
  value: Run,
  field: "per_device_train_batch_size" | "max_length",
  more: number,
): Run {
  return { ...value, training: { ...value.training, [field]: value.training[field] + more } };
}

it("parts make up the peak and every point of the timeline, which reaches the peak of its step", () => {
  fc.assert(
    fc.property(run, ({ config, rank, quantization, training }) => {
      const adapter = { r: rank, target_modules: "all-linear" };
      const result = estimate({ model: { config }, adapter, quantization, training });
      const memory = isRefusal(result) ? undefined : peaksOf(result);
      if (memory === undefined) throw new Error("no memory");
      const { parts, timeline = [], allocated_peak: peak } = memory;
      expect(timeline.length).toBeGreaterThan(0);
      expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(peak);
      for (const point of timeline) {
        const bytes = Object.values(point.parts).reduce((sum, part) => sum + part, 0);
        expect(bytes).toBe(point.allocated);
        expect(point.allocated).toBeLessThanOrEqual(peak);
      }
      expect(timeline.length).toBeLessThanOrEqual(200);
    }),
    RUNS,
  );
});
