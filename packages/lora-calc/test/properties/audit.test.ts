/** Any published file and any printed text ends in an answer or a Problem: no exception, no NaN, nothing slow. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auditAdapter } from "../../src/audit/audit-adapter.js";
import { explainPrint } from "../../src/audit/prints/explain-print.js";
import { draws } from "./draws.js";

const junk = fc.jsonValue({ maxDepth: 2 });
const text = fc.oneof(fc.constantFrom("", "__proto__", "模型", "model", "toString"), fc.string());
const key = fc.constantFrom(
  ...["base_model.model.transformer.h.0.attn.c_attn.lora_A.weight", "prompt_embeddings", "x"],
  ...["base_model.model.transformer.h.0.attn.c_attn.lora_B.default.weight", "__proto__", ""],
  ...[
    "module.base_model.model.h.1.lora_magnitude_vector.weight",
    "lm_head.weight",
    "a.experts.0.w1.lora_A.weight",
  ],
  "base_model.model.score.weight",
);
const entry = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      dtype: fc.constantFrom("F32", "BF16", "Q9"),
      shape: fc.array(fc.nat(3000), { maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: junk },
);
const header = fc.oneof(
  { weight: 9, arbitrary: fc.dictionary(key, entry, { maxKeys: 6 }) },
  { weight: 1, arbitrary: junk },
);
const config = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record(
      {
        peft_type: fc.constantFrom("LORA", "LORA", "LORA", "IA3", "PREFIX_TUNING", "LOHA", "lora"),
        r: fc.oneof(fc.integer({ min: -1, max: 64 }), junk),
        target_modules: fc.oneof(
          fc.constantFrom("all-linear", ".*", "["),
          fc.array(fc.constantFrom("c_attn", "c_proj", "wte", "")),
        ),
        task_type: fc.constantFrom("CAUSAL_LM", "SEQ_CLS", "OTHER", null),
        base_model_name_or_path: fc.oneof(fc.constantFrom("gpt2", "gpt9", ""), junk),
        auto_mapping: fc.oneof(junk, fc.record({ base_model_class: text })),
        num_virtual_tokens: fc.oneof(fc.nat(20), junk),
        lora_parameters: fc.oneof(junk, fc.record({ rank: fc.nat(9), keys: fc.array(text) })),
        num_layers: fc.oneof(fc.integer({ min: -5, max: 50 }), junk),
        use_dora: fc.boolean(),
        enable_lora: junk,
        surprise: junk,
      },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: junk },
);

const HOSTILE = draws(5000);

describe("hostile input", () => {
  it("is audited or refused, five thousand times", () => {
    let answers = 0;
    fc.assert(
      fc.property(
        config,
        fc.option(header),
        fc.constantFrom(undefined, "gpt2", {}),
        (file, tensors, model) => {
          const files = { config: file, ...(tensors === null ? {} : { header: tensors }), model };
          const result = auditAdapter(files);
          expect(JSON.stringify(result)).not.toMatch(/NaN|undefined/);
          if ("error" in result) {
            expect(result.error.message).not.toBe("");
            return;
          }
          answers += 1;
          expect(result.findings.every(({ message }) => message !== "")).toBe(true);
        },
      ),
      { numRuns: HOSTILE, seed: 18 },
    );
    expect(answers).toBeGreaterThan(HOSTILE / 10);
  });

  it("is explained or refused as a print, three hundred times", () => {
    const number = fc.oneof(fc.nat(2 ** 31), fc.double({ min: 0, max: 1e13, noNaN: true }));
    const line = fc.oneof(
      fc.string(),
      fc.tuple(number, number).map(([left, right]) => `${left} / ${right}`),
      number.map((value) => `trainable params: ${value} || all params: ${value}B`),
      fc.constantFrom("9".repeat(3000), "trainable ".repeat(500), "1,".repeat(1500)),
    );
    fc.assert(
      fc.property(line, (saw) => {
        const result = explainPrint({ model: "gpt2", adapter: { r: 8 } }, saw);
        expect(JSON.stringify(result)).not.toContain("NaN");
        if (!("error" in result)) expect(result.reasons.length).toBeGreaterThan(0);
      }),
      { numRuns: draws(300), seed: 18 },
    );
  });
});
