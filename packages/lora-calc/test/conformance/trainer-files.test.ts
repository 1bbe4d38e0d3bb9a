/** Files that a trainer's own parser read, read here: the scenario is the one that was traced, and so is the answer. */

import { describe, expect, it } from "vitest";
import { asScenario } from "../../src/exchange/as-scenario.js";
import { estimate } from "../../src/estimate.js";
import { peaksOf } from "../../src/exchange/peaks.js";
import { readTrainerFile } from "../../src/formats/read-file.js";
import { isRefusal } from "../../src/result.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { readGoldens } from "./goldens.js";

interface Row {
  readonly scenario: JsonObject & { readonly id: string };
  readonly file: JsonObject;
}

/** What a file of each trainer needs beside the keys of a case: the model, and what the launcher is always told. */
const FILES = {
  "memory-axolotl.jsonl.gz": { base_model: "none" },
  "memory-llama-factory.jsonl.gz": { model_name_or_path: "none", stage: "sft" },
  "memory-ms-swift.jsonl.gz": { model: "none", tuner_type: "lora", use_hf: true, gradient_accumulation_steps: 1 },
  "memory-litgpt.jsonl.gz": { checkpoint_dir: "checkpoints/some/model" },
} as const;

function peakOf(scenario: JsonObject): number | string | undefined {
  const result = estimate(asScenario(scenario), { expandable: false });
  return isRefusal(result) ? result.error.message : peaksOf(result)?.allocated_peak;
}

/** What "all" leaves out of it is said by the name of a model alone, which a case has not: see llama-factory.test.ts. */
const WITHOUT_NAME = ["llama-factory-0.9 small mixtral"];

describe.each(Object.entries(FILES))("%s", (goldens, more) => {
  const all = readGoldens(goldens) as readonly Row[];
  const rows = all.filter(({ scenario: { id } }) => !WITHOUT_NAME.includes(id));
  it.each(rows.map((row) => [row.scenario.id, row] as const))("%s", (_, { scenario, file }) => {
    const read = readTrainerFile({ ...more, ...file });
    expect(read?.findings).toEqual([]);
    const { model, stack } = scenario;
    expect(read?.scenario.stack).toBe(stack);
    expect(peakOf({ ...read?.scenario, model })).toBe(peakOf(scenario));
  });
});
