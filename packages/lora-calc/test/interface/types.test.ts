/** What a compiler says of a scenario and a result: checked by `npm run typecheck`, which fails where an expected error is none. */

import { describe, expect, expectTypeOf, it } from "vitest";
import { estimate, isRefusal, limits } from "../../src/index.js";
import type {
  Estimate,
  MemoryPart,
  PartName,
  Scenario,
  StackId,
  Warning,
} from "../../src/index.js";

type Training = NonNullable<Scenario["training"]>;

describe("a scenario with a misspelt name does not compile", () => {
  it("in a section", () => {
    // @ts-expect-error -- a name that nobody has: max_lenght
    const typo = estimate({ model: "gpt2", training: { max_lenght: 3 } });
    expect(typo).toMatchObject({ error: { code: "unknown_field", nearest: "max_length" } });
    // @ts-expect-error -- a name that nobody has: gpuu
    estimate({ model: "gpt2", hardware: { gpuu: "T4" } });
    // @ts-expect-error -- rank is r in PEFT
    estimate({ model: "gpt2", adapter: { rank: 8 } });
    // @ts-expect-error -- a name that nobody has: load_in_4bits
    estimate({ model: "gpt2", quantization: { load_in_4bits: true } });
    // @ts-expect-error -- a name that nobody has: tansformers
    estimate({ model: "gpt2", versions: { tansformers: "5" } });
    // @ts-expect-error -- a name that nobody has: architecure
    estimate({ model: { id: "gpt2", architecure: "GPT2Model" } });
    // @ts-expect-error -- a name that nobody has: memory
    estimate({ model: "gpt2", hardware: { gpu: { memory: 1 } } });
    // @ts-expect-error -- a name that nobody has: max_lenght
    limits({ model: "gpt2", training: { max_lenght: 3 } });
  });

  it("of a stack, an optimizer, a loss, a method, a task", () => {
    // @ts-expect-error -- a name that nobody has: trl-9
    expect(estimate({ model: "gpt2", stack: "trl-9" })).toHaveProperty("error");
    // @ts-expect-error -- a name that nobody has: adamw
    estimate({ model: "gpt2", training: { optim: "adamw" } });
    // @ts-expect-error -- a name that nobody has: chunked
    estimate({ model: "gpt2", training: { loss: "chunked" } });
    // @ts-expect-error -- a name that nobody has: ppo
    estimate({ model: "gpt2", training: { method: "ppo" } });
    // @ts-expect-error -- a name that nobody has: CAUSAL
    estimate({ model: "gpt2", adapter: { task_type: "CAUSAL" } });
  });

  it("and no field of a trainer without a program", () => {
    expectTypeOf<Training>().toHaveProperty("max_length");
    expectTypeOf<Training>().toHaveProperty("learning_rate");
    expectTypeOf<Training>().not.toHaveProperty("num_generations");
  });
});

describe("values have their types", () => {
  it("of fields", () => {
    expectTypeOf<Training["max_length"]>().toEqualTypeOf<number | null | undefined>();
    expectTypeOf<Training["bf16"]>().toEqualTypeOf<boolean | null | undefined>();
    expectTypeOf<Training["attn_implementation"]>().toEqualTypeOf<
      "sdpa" | "eager" | "xformers" | "flash_attention_2" | null | undefined
    >();
    expectTypeOf<NonNullable<Scenario["adapter"]>["target_modules"]>().toEqualTypeOf<
      string | readonly string[] | null | undefined
    >();
    expectTypeOf<StackId>().toExtend<string>();
    expectTypeOf<string>().not.toExtend<StackId>();
  });

  it("of results", () => {
    const result = estimate({ model: "gpt2", adapter: { r: 8 }, training: {} });
    if (isRefusal(result)) throw new Error(result.error.message);
    expectTypeOf(result).toEqualTypeOf<Estimate>();
    expectTypeOf<"rope_tables">().not.toExtend<PartName>();
    expectTypeOf<"kv_cache">().toExtend<PartName>();
    expectTypeOf<string>().not.toExtend<MemoryPart["certainty"]>();
    expectTypeOf<string>().not.toExtend<Warning["code"]>();
    expectTypeOf(result.versions.peft).toEqualTypeOf<string>();
    // @ts-expect-error -- a name that nobody has: peak_evnt
    expect(result.memory?.peak_evnt).toBeUndefined();
  });
});
