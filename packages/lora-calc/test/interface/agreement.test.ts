/**
 * The schema and `estimate` agree on every field: of odd values none is answered that the schema refuses, and none is called
 * unknown, or of a wrong type, that the schema takes.
 */

import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { SCHEMA_FILES } from "../../../../scripts/build-schema.mjs";
import {
  asScenario,
  estimate,
  isRefusal,
  listFields,
  listMethods,
  methodFacts,
} from "../../src/index.js";

const ajv = new Ajv2020({ strict: false });
const isScenario = ajv.compile(JSON.parse(readFileSync(SCHEMA_FILES.scenario, "utf8")) as object);

/** One of each kind that JSON has, and corners. */
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 0.5, 8, 2 ** 40, "", "x", "all", "none", "float32"],
  ...[[], ["a"], [1], [[1]], {}, { a: 1 }, { a: "b" }],
];

const CONFIG = {
  model_type: "llama",
  ...{ vocab_size: 64, hidden_size: 32, intermediate_size: 48, num_hidden_layers: 2 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2 },
};
const MODEL = { config: CONFIG };

/** What a method needs before any field of it can be tried. */
const NEEDED: Readonly<Record<string, object>> = {
  ADALORA: { total_step: 100 },
  ADAPTION_PROMPT: { adapter_layers: 1, adapter_len: 2, target_modules: "q_proj" },
  C3A: { block_size: 8 },
  CPT: { cpt_token_ids: [1, 2], task_type: "CAUSAL_LM" },
  MISS: { r: 4 },
  ROAD: { group_size: 8 },
  SHIRA: { r: 4 },
  TRAINABLE_TOKENS: { token_indices: [1] },
  VBLORA: { vector_length: 8 },
  WAVEFT: { n_frequency: 16 },
};
const PROMPTS = [
  ...["PROMPT_TUNING", "PREFIX_TUNING", "P_TUNING", "MULTITASK_PROMPT_TUNING", "CARTRIDGE"],
];

function adapterOf(peftType: string): object {
  const tokens = PROMPTS.includes(peftType)
    ? { num_virtual_tokens: 4, task_type: "CAUSAL_LM" }
    : {};
  const fields = methodFacts(peftType)?.fields ?? [];
  const targets = fields.includes("target_modules") ? { target_modules: ["q_proj"] } : {};
  return { peft_type: peftType, ...targets, ...tokens, ...NEEDED[peftType] };
}

/** What the two say differently of a scenario; undefined where they agree. */
function disagreementOn(scenario: object): string | undefined {
  const result = estimate(asScenario(scenario), { expandable: false });
  const isTaken = isScenario(scenario);
  if (!isRefusal(result)) {
    return isTaken
      ? undefined
      : `answered, and refused by the schema: ${ajv.errorsText(isScenario.errors)}`;
  }
  const { code, path, message } = result.error;
  const isForm = code === "unknown_field" || code === "invalid_type" || code === "internal";
  return isTaken && isForm ? `taken by the schema, and ${code} at ${path}: ${message}` : undefined;
}

function disagreements(scenarios: readonly object[]): readonly string[] {
  return scenarios.flatMap((scenario) => {
    const said = disagreementOn(scenario);
    return said === undefined ? [] : [`${JSON.stringify(scenario)} ${said}`];
  });
}

const SMALL = { max_length: 8, per_device_train_batch_size: 1 };
const BASES: Readonly<Record<string, object>> = {
  quantization: { model: MODEL, adapter: { r: 2, target_modules: ["q_proj"] } },
  training: { model: MODEL, adapter: { r: 2, target_modules: ["q_proj"] } },
  hardware: { model: MODEL, adapter: { r: 2, target_modules: ["q_proj"] }, training: SMALL },
  versions: { model: MODEL },
};
const BESIDE: Readonly<Record<string, object>> = { training: SMALL };

describe("every value of every field", () => {
  it.each(Object.entries(BASES))("of %s", (section, base) => {
    const fields = listFields().filter(
      ({ path, changes }) => path.startsWith(`${section}.`) && changes !== "refused",
    );
    const scenarios = fields.flatMap(({ path }) => {
      const name = path.slice(section.length + 1);
      return VALUES.map((value) => ({ ...base, [section]: { ...BESIDE[section], [name]: value } }));
    });
    expect(disagreements(scenarios)).toEqual([]);
  });

  it.each(listMethods())("of an adapter of %s", (peftType) => {
    const adapter = adapterOf(peftType);
    expect(isRefusal(estimate(asScenario({ model: MODEL, adapter })))).toBe(false);
    const scenarios = (methodFacts(peftType)?.fields ?? [])
      .filter((name) => name !== "peft_type")
      .flatMap((name) =>
        VALUES.map((value) => ({ model: MODEL, adapter: { ...adapter, [name]: value } })),
      );
    expect(disagreements(scenarios)).toEqual([]);
  });
});
