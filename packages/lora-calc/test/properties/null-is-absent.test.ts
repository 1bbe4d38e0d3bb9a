/** A field that is null is as good as one that is left out, under every stack: what is said of the run is the same. */

import { describe, expect, it } from "vitest";
import { estimate, listStacks } from "../../src/index.js";
import type { Scenario } from "../../src/index.js";
import { SECTIONS } from "../../src/fields/scenario.js";
import { SMALL_SIZES } from "./small-model.js";

const MODEL = { config: { model_type: "llama", num_hidden_layers: 2, ...SMALL_SIZES } };
const STORED = [null, { load_in_4bit: true }, { load_in_8bit: true }] as const;

const nullsOf = (section: "training" | "quantization"): Readonly<Record<string, null>> =>
  Object.fromEntries(Object.keys(SECTIONS[section]).map((name) => [name, null]));

const NULLS = { training: nullsOf("training"), quantization: nullsOf("quantization") };

/** An answer without what it lists of the fields that change nothing. */
function said(scenario: object): unknown {
  return { ...estimate(scenario as Scenario), ignored: [] };
}

describe.each(listStacks().map(({ id }) => id))("null under %s", (stack) => {
  it.each(STORED)("is absent, stored as %j", (quantization) => {
    const scenario = {
      ...{ model: MODEL, stack, quantization },
      adapter: { r: 8, target_modules: ["q_proj"] },
      training: { max_length: 128 },
    };
    const without = said(scenario);
    const training = { ...NULLS.training, ...scenario.training };
    expect(said({ ...scenario, training })).toEqual(without);
    if (quantization === null) return;
    const stored = { ...NULLS.quantization, ...quantization };
    expect(said({ ...scenario, quantization: stored })).toEqual(without);
  });
});
