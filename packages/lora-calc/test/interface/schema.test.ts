/** The published JSON Schemas: they are current, take every scenario that is answered, and refuse what is misspelt. Needs a build. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  resultSchema,
  SCHEMA_FILES,
  scenarioSchema,
  schemaText,
} from "../../../../scripts/build-schema.mjs";
import {
  asScenario,
  estimate,
  isRefusal,
  listFields,
  listMethods,
  listRecipes,
  listMovedStacks,
  listStacks,
  methodFacts,
} from "../../src/index.js";
import { readDocument } from "../../files/read-document.js";
import { readGoldens } from "../conformance/goldens.js";
import { draws } from "../properties/draws.js";
import { scenarios } from "../properties/scenarios.js";

const SLOW = 60_000;
const DOCS = new URL("../../../../", import.meta.url);

function published(name: "scenario" | "result"): string {
  return readFileSync(SCHEMA_FILES[name], "utf8");
}

const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true });
const isScenario = ajv.compile(JSON.parse(published("scenario")) as object);
const isResult = ajv.compile(JSON.parse(published("result")) as object);

/** What the schema holds against a scenario; undefined where it takes it. */
function complaintOf(scenario: unknown): string | undefined {
  return isScenario(scenario) ? undefined : ajv.errorsText(isScenario.errors);
}

function isAnswered(scenario: unknown): boolean {
  return !isRefusal(estimate(asScenario(scenario), { expandable: false }));
}

interface Golden {
  readonly config: object;
  readonly architecture: string | null;
  readonly cases: readonly { readonly adapter: object; readonly trainable?: number }[];
}

/** Scenarios of a file of counts: those that PEFT answers. */
function counted(file: string): readonly object[] {
  const [, ...models] = readGoldens(file) as [unknown, ...Golden[]];
  return models.flatMap(({ config, architecture, cases }) => {
    const model = architecture === null ? { config } : { config, architecture };
    return cases.flatMap(({ adapter, trainable }) =>
      trainable === undefined ? [] : [{ model, adapter }],
    );
  });
}

describe("docs/*.schema.json are current: npm run schema", () => {
  it("the scenario's is that of the table of fields", () => {
    const methods = listMethods().map((name) => methodFacts(name));
    const stacks = [...listStacks().map(({ id }) => id), ...listMovedStacks()];
    expect(published("scenario")).toBe(
      schemaText(scenarioSchema({ fields: listFields(), methods, stacks })),
    );
  });

  it(
    "the result's is that of the types",
    () => {
      expect(published("result")).toBe(schemaText(resultSchema()));
    },
    SLOW,
  );
});

describe("the schema of a scenario takes what is answered:", () => {
  it.each(["counts.jsonl.gz", "method-counts.jsonl.gz", "task-heads.jsonl.gz"])(
    "what PEFT counts in %s",
    (file) => {
      const wrong = counted(file)
        .map((scenario) => [complaintOf(scenario), scenario] as const)
        .filter(([complaint]) => complaint !== undefined);
      expect(wrong.slice(0, 3)).toEqual([]);
    },
    SLOW,
  );

  it("the traced runs", () => {
    const rows = readGoldens("memory.jsonl.gz") as readonly { readonly scenario?: object }[];
    const wrong = rows.flatMap(({ scenario }) =>
      scenario === undefined || complaintOf(scenario) === undefined || !isAnswered(scenario)
        ? []
        : [[complaintOf(scenario), scenario]],
    );
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it("the example in YAML", async () => {
    const { value } = await readDocument(fileURLToPath(new URL("docs/example.yaml", DOCS)));
    expect(complaintOf(value)).toBeUndefined();
    expect(isAnswered(value)).toBe(true);
  });

  it("recipes and links", () => {
    const lines = readFileSync(
      new URL("../examples/links-version-1.jsonl", import.meta.url),
      "utf8",
    );
    const linked = lines
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { readonly scenario: object }).scenario);
    for (const scenario of [...linked, ...listRecipes().map((recipe) => recipe.scenario)]) {
      if (isAnswered(scenario)) expect(complaintOf(scenario)).toBeUndefined();
    }
  });

  it(
    "what people could write",
    () => {
      fc.assert(
        fc.property(scenarios, (scenario) => {
          if (isAnswered(scenario)) expect(complaintOf(scenario)).toBeUndefined();
        }),
        { numRuns: draws(150) },
      );
    },
    SLOW,
  );
});

const RUN = {
  model: "gpt2",
  adapter: {},
  quantization: {},
  training: {},
  hardware: {},
  versions: {},
};
const SECTIONS = ["adapter", "quantization", "training", "hardware", "versions"] as const;

describe("a misspelt name is refused by the schema and by estimate:", () => {
  it.each(SECTIONS)("in %s", (section) => {
    const rows = listFields().filter(({ path }) => path.startsWith(`${section}.`));
    expect(rows.length).toBeGreaterThan(4);
    for (const { path } of rows) {
      const scenario = { ...RUN, [section]: { [`${path.slice(section.length + 1)}x`]: null } };
      expect(complaintOf(scenario), path).toBeDefined();
      expect(estimate(asScenario(scenario)), path).toMatchObject({
        error: { code: "unknown_field" },
      });
    }
  });

  it.each([
    { ...RUN, modell: "gpt2" },
    { model: { config: { model_type: "gpt2" }, architecure: "GPT2Model" } },
    { model: { id: "gpt2", architecure: "GPT2Model" } },
    { model: { hidden_size: 64, num_hidden_layers: 2, vocab_sise: 10 } },
    { ...RUN, hardware: { gpu: { memory_bytes: 1e10, memory: 1 } } },
    { ...RUN, training: { liger_kernel_config: { rms: true } } },
    { ...RUN, training: { gradient_checkpointing_kwargs: { reentrant: true } } },
    { ...RUN, training: { model_init_kwargs: { torch_type: "bfloat16" } } },
    { ...RUN, adapter: { peft_type: "IA3", r: 8 } },
    { ...RUN, adapter: { peft_type: null, token_indices: [1] } },
  ])("elsewhere: %o", (scenario) => {
    expect(complaintOf(scenario)).toBeDefined();
    expect(estimate(asScenario(scenario))).toMatchObject({ error: { code: "unknown_field" } });
  });
});

describe("the schema of a result takes", () => {
  it.each([
    { model: "gpt2" },
    { model: "gpt2", adapter: { r: 8 }, training: {}, hardware: { gpu: "T4" } },
    {
      model: "gpt2",
      adapter: { r: 8 },
      training: { method: "dpo" },
      hardware: { gpu: "T4", count: 2 },
    },
    { model: "Qwen/Qwen3.5-4B", adapter: { r: 8 }, training: {}, hardware: { gpu: "T4" } },
    { model: "no such model" },
    { model: "gpt2", stack: "hf-trainer-5.24", training: { optim: "paged_adamw_8bit" } },
  ])("that of %o", (scenario) => {
    const written: unknown = JSON.parse(JSON.stringify(estimate(asScenario(scenario))));
    expect(isResult(written), ajv.errorsText(isResult.errors)).toBe(true);
  });
});
