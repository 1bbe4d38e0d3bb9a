/** Any adapter configuration ends in a result or a Problem: no exception, no NaN, nothing slow. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { estimate } from "../../src/estimate.js";
import { isRefusal } from "../../src/result.js";
import { draws } from "./draws.js";

const RUNS = draws(20_000);

const name = fc.constantFrom(
  ...["q_proj", "k_proj", "v_proj", "o_proj", "down_proj", "c_attn", "qkv_proj", "embed_tokens"],
  ...[
    "lm_head",
    "score",
    "model.layers.0.self_attn.q_proj",
    "layers.3",
    "norm",
    "",
    ".",
    "'q_proj'",
  ],
  ...["q_proj,v_proj", "__proto__", "constructor", "\u0000", "模型"],
);
const pattern = fc.constantFrom(
  ...[".*", ".*proj", "(?i).*Q_PROJ", ".*\\.(q|v)_proj", "[", "(?<=q)_proj"],
  ...["^(?!.*mlp).*proj$", "(?P<x>.*)(?P=x)", "\\d+", "all-linear", "ALL-LINEAR", "q_proj"],
);
const junk = fc.oneof(
  fc.constantFrom(null, true, false, NaN, Infinity, -1, 0, 1.5, 2 ** 53, "", "8", [], {}),
  fc.jsonValue({ maxDepth: 2 }),
);
/** Mostly absent, mostly of the right form, sometimes anything. */
const or = <Value>(value: fc.Arbitrary<Value>, presence = 1): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constant(undefined) },
    { weight: 5 * presence, arbitrary: value },
    { weight: 1, arbitrary: junk },
  );
const rank = fc.integer({ min: 1, max: 256 });

const adapter = fc
  .record({
    r: or(rank, 9),
    lora_alpha: or(fc.integer({ min: 1, max: 256 })),
    lora_dropout: or(fc.constantFrom(0, 0.05, 0.5)),
    target_modules: or(fc.oneof(pattern, fc.array(name, { maxLength: 5 })), 20),
    exclude_modules: or(fc.oneof(pattern, fc.array(name, { maxLength: 3 }))),
    modules_to_save: or(fc.array(name, { maxLength: 3 })),
    layers_to_transform: or(
      fc.oneof(fc.integer({ min: 0, max: 40 }), fc.array(fc.integer({ min: 0, max: 40 }))),
    ),
    layers_pattern: or(fc.constantFrom("layers", "h", ["layers"])),
    rank_pattern: or(fc.dictionary(fc.oneof(name, pattern), rank, { maxKeys: 3 })),
    alpha_pattern: or(fc.dictionary(fc.oneof(name, pattern), rank, { maxKeys: 3 })),
    target_parameters: or(fc.array(name, { maxLength: 2 })),
    trainable_token_indices: or(
      fc.oneof(fc.array(fc.nat(40_000)), fc.dictionary(name, fc.array(fc.nat(9)))),
    ),
    bias: or(fc.constantFrom("none", "all", "lora_only")),
    use_dora: or(fc.boolean()),
    use_rslora: or(fc.boolean()),
    lora_bias: or(fc.boolean()),
    ensure_weight_tying: or(fc.boolean()),
    task_type: or(
      fc.constantFrom("CAUSAL_LM", "SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS", "SEQ_2_SEQ_LM"),
    ),
    init_lora_weights: or(
      fc.constantFrom(true, false, "gaussian", "pissa", "eva", "olora", "loftq"),
    ),
    peft_type: or(fc.constantFrom("LORA", "LORA", "LORA", "IA3", "lora")),
    surprise: fc.oneof(
      { weight: 40, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: junk },
    ),
  })
  .map((drawn) =>
    Object.fromEntries(Object.entries(drawn).filter(([, value]) => value !== undefined)),
  );

const model = fc.constantFrom(
  ...["gpt2", "Qwen/Qwen3-4B", "microsoft/phi-4", "google/gemma-2-2b", "meta-llama/Llama-3.2-1B"],
);

it("answers or refuses twenty thousand adapter configurations", () => {
  let answers = 0;
  fc.assert(
    fc.property(model, adapter, (id, config) => {
      const result = estimate({ model: id, adapter: config });
      if (isRefusal(result)) {
        expect(result.error.message).not.toBe("");
        return;
      }
      answers += 1;
      const { trainable, all, percent } = result.parameters;
      expect([trainable, all].every(Number.isSafeInteger)).toBe(true);
      expect(trainable).toBeLessThanOrEqual(all);
      expect(percent).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: RUNS, seed: 15 },
  );
  expect(answers).toBeGreaterThan(RUNS / 20);
});

it.each(["(.*)*x", "(a+)+$", "(.*.*)*\\d", "((\\w+\\.?)*)*!"])(
  "is never held up by %s",
  (target) => {
    const result = estimate({ model: "Qwen/Qwen3-4B", adapter: { r: 8, target_modules: target } });
    expect(isRefusal(result)).toBe(true);
  },
);
