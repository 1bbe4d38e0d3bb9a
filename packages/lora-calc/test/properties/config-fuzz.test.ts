/** Any config.json ends in a result or a Problem: no exception, no NaN, nothing slow. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { listModels } from "../../src/catalogue/models.js";
import { estimate } from "../../src/estimate.js";
import { modelTypes } from "../../src/graph/blueprints/index.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { isRefusal } from "../../src/result.js";
import { readGoldens } from "../conformance/goldens.js";
import { draws } from "./draws.js";

const RUNS = draws(10_000);

/** Published configurations, and the small ones of every type and class that the judge builds. */
const [, ...judged] = readGoldens("trees.jsonl.gz") as [
  unknown,
  ...{ config: JsonObject; architecture: string | null }[],
];
const BASES: readonly JsonObject[] = [
  ...listModels().map(({ config }) => config),
  ...judged.map(({ config, architecture }) =>
    architecture === null ? config : { ...config, architectures: [architecture] },
  ),
];

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      true,
      false,
      -1,
      0,
      1,
      2,
      3,
      7,
      0.5,
      1e3,
      1e6,
      1e9,
      2 ** 53,
      1e308,
      "",
      "8",
      "llama",
      [],
      {},
      [1],
      [[]],
    ],
    ...[
      { a: 1 },
      ["full_attention"],
      [0, 1, 2],
      "silu",
      "__proto__",
      "constructor",
      Array(200).fill(1),
    ],
  ),
  fc.integer({ min: -10, max: 10_000 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const field = fc.oneof(
  { weight: 8, arbitrary: fc.nat() },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...[
        "num_labels",
        "id2label",
        "head_dim",
        "layer_types",
        "num_experts",
        "text_config",
        "vision_config",
      ],
      ...[
        "architectures",
        "tie_word_embeddings",
        "model_type",
        "rope_scaling",
        "__proto__",
        "num_hidden_layers",
      ],
    ),
  },
);
/** A field by its place in the configuration, or by name; undefined takes it away. */
const change = fc.tuple(
  field,
  fc.oneof({ weight: 6, arbitrary: junk }, { weight: 1, arbitrary: fc.constant(undefined) }),
  fc.boolean(),
);

type Change = readonly [number | string, unknown, boolean];

function changed(config: JsonObject, [where, value, inside]: Change): JsonObject {
  const names = Object.keys(config);
  const name =
    typeof where === "string" ? where : (names[where % Math.max(names.length, 1)] ?? "x");
  const nested = config[name];
  if (inside && typeof nested === "object" && nested !== null && !Array.isArray(nested)) {
    return { ...config, [name]: changed(nested as JsonObject, [where, value, false]) };
  }
  const entries = Object.entries(config).filter(([key]) => key !== name);
  return Object.fromEntries(value === undefined ? entries : [...entries, [name, value]]);
}

it("answers or refuses ten thousand configurations of every type", () => {
  let answers = 0;
  const types = new Set<unknown>();
  fc.assert(
    fc.property(
      fc.nat(BASES.length - 1),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      (index, changes) => {
        const base = BASES[index] ?? {};
        const config = changes.reduce(changed, base);
        const result = estimate({
          model: { config },
          adapter: { r: 8, target_modules: "all-linear" },
        });
        if (isRefusal(result)) {
          expect(result.error.message).not.toBe("");
          return;
        }
        answers += 1;
        types.add(config["model_type"]);
        const { trainable, all, percent } = result.parameters;
        expect([trainable, all, result.weights?.bytes ?? 0].every(Number.isSafeInteger)).toBe(true);
        expect(trainable).toBeGreaterThanOrEqual(0);
        expect(trainable).toBeLessThanOrEqual(all);
        expect(percent).toBeGreaterThanOrEqual(0);
      },
    ),
    { numRuns: RUNS, seed: 18 },
  );
  expect(answers).toBeGreaterThan(RUNS / 5);
  expect(types.size).toBeGreaterThan(Math.min(modelTypes().length * 0.8, RUNS / 10));
});

it.each([
  [{ model_type: "gemma3n_text", altup_num_inputs: 1e9 }, "invalid_value"],
  [
    { model_type: "stablelm", qk_layernorm: true, num_attention_heads: 1e9, head_dim: 1 },
    "limit_exceeded",
  ],
])("refuses a list of a thousand million modules: %j", (config, code) => {
  const result = estimate({ model: { config } });
  expect(isRefusal(result) ? result.error.code : "counted").toBe(code);
});
