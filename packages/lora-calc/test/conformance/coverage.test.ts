/** What is compared with real PEFT and transformers, counted from the goldens themselves: docs/coverage.md. */

import { expect, it } from "vitest";
import { listMethods } from "../../src/adapter/plan-adapter.js";
import { blueprintOf, modelTypes } from "../../src/graph/blueprints/index.js";
import { buildGraph } from "../../src/graph/build-graph.js";
import { describeModel } from "../../src/model/description.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { readModels } from "./counted-cases.js";
import type { Model } from "./counted-cases.js";
import { DIFFERENCES, readTraces } from "./compare-traces.js";
import { readTapes } from "./compare-tape.js";
import { readGoldens } from "./goldens.js";
import { USUAL_WORLD } from "../../src/worlds/index.js";

const lora = [
  ...readModels("counts.jsonl.gz"),
  ...readModels("layer-counts.jsonl.gz"),
  ...readModels("counts-own-code.jsonl.gz"),
];
const others = readModels("method-counts.jsonl.gz");
const types = [...modelTypes()].sort();
const known = new Set(types);

/** Methods of peft 0.21 that are refused by name. */
const LEFT_OUT = [
  ["ADAMSS", "what it trains depends on the values of the weights"],
  ["SHADOW", "needs a second model"],
  ["XLORA", "needs adapters that were trained before"],
];

interface Published {
  readonly id: string;
  readonly config: JsonObject;
  readonly parameters?: number;
  readonly error?: string;
}

const published = readGoldens("base-totals.jsonl.gz").filter(
  (row): row is Published => typeof row === "object" && row !== null && "config" in row,
);

function typeOf({ config }: { readonly config: JsonObject }): string {
  return String(config["model_type"]);
}

function classesOf(models: readonly Model[]): number {
  const names = models.map(({ config, architecture }) => {
    const model = architecture === null ? { config } : { config, architecture };
    return buildGraph(describeModel(model, () => ({})), USUAL_WORLD).graph.className;
  });
  return new Set(names).size;
}

/** Of the classes that the counts are compared for, whether one can be run. */
function hasMemory(models: readonly Model[]): boolean {
  return models.some(({ config }) => {
    const { graph } = buildGraph(describeModel({ config }, () => ({})), USUAL_WORLD);
    return graph.root.forward !== undefined;
  });
}

/** Tapes of the usual world and of the next. */
const tapes = ["tapes.jsonl.gz", "tapes-transformers-5.24.jsonl.gz"].flatMap(readTapes);

interface Trace {
  readonly type: string;
  /** Allocated bytes at the peak; the other tiers are told in memory-differences.json. */
  readonly isEqual: boolean;
}

const traces = Object.entries(DIFFERENCES).flatMap(([file, differences]) =>
  readTraces(file).flatMap(({ scenario, expected }): readonly Trace[] => {
    if (expected === undefined) return [];
    const [allocated = 0] = differences[scenario.id] ?? [];
    return [{ type: typeOfScenario(scenario), isEqual: allocated === 0 }];
  }),
);

function typeOfScenario({ model }: JsonObject): string {
  return typeOf(model as { readonly config: JsonObject });
}

interface Compared {
  readonly traces: number;
  readonly equal: number;
  readonly tapes: number;
}

function comparedOf(type: string): Compared {
  const own = traces.filter((trace) => trace.type === type);
  return {
    traces: own.length,
    equal: own.filter(({ isEqual }) => isEqual).length,
    tapes: tapes.filter(({ scenario }) => typeOfScenario(scenario) === type).length,
  };
}

/** `traced`: the real code ran beside it; `at least`: weights, adapters and optimizer alone. */
function certaintyOf(type: string, own: readonly Model[]): string {
  const { traces: runs, equal, tapes: whole } = comparedOf(type);
  if (runs + whole > 0) return `traced | ${runs} | ${equal} | ${whole}`;
  return hasMemory(own) ? "read | | |" : "at least | | |";
}

function row(type: string): string {
  const own = lora.filter((model) => typeOf(model) === type);
  const cases = own.flatMap(({ cases: each }) => each);
  const refused = cases.filter((golden) => "error" in golden).length;
  const methods = others.filter((model) => typeOf(model) === type).flatMap((model) => model.cases);
  const sizes = published.filter((model) => typeOf(model) === type && "parameters" in model);
  const memory = certaintyOf(type, own);
  return `| ${type} | ${classesOf(own)} | ${cases.length} | ${refused} | ${methods.length} | ${sizes.length} | ${memory} |`;
}

function notCompared(): readonly string[] {
  return published.flatMap(({ id, error, ...model }) => {
    const type = typeOf(model);
    if (error !== undefined) return [`| ${id} | ${type} | the judge cannot build it: ${error} |`];
    return known.has(type) ? [] : [`| ${id} | ${type} | no blueprint yet: refused by name |`];
  });
}

function methodRow(method: string): string {
  const source = method === "LORA" ? lora : others;
  const cases = source
    .flatMap((model) => model.cases)
    .filter(({ adapter }) => (adapter["peft_type"] ?? "LORA") === method);
  const refused = cases.filter((golden) => "error" in golden).length;
  return `| ${method} | ${cases.length} | ${refused} |`;
}

function page(): string {
  const all = [...lora, ...others].flatMap(({ cases }) => cases);
  const missing = notCompared();
  const equal = published.length - missing.length;
  return [
    "# What is compared",
    "",
    `${all.length} adapter configurations drawn at random, ${all.filter((each) => "error" in each).length} of which PEFT refuses: trainable and all parameters, the text of the`,
    "percentage, every adapted module, or the exception, as peft 0.21 on transformers 5.18 has them. Written by",
    "`packages/lora-calc/test/conformance/coverage.test.ts` from the goldens; all of them run in `npm test`.",
    "",
    `## ${types.length} model types`,
    "",
    "Classes: heads whose module trees are compared too. Published: checkpoints whose size is compared. Memory: `traced`, a program of the training step that was run beside the real code;",
    "`at least`, what weights, adapters and optimizer take. Traces: whole steps whose peaks are compared, and those whose allocated peak is equal to the byte. Tapes: steps compared event by event.",
    "Types whose classes lie in their repositories are compared with that code (conformance/remote_code.py, transformers 4.57), and with LoRA alone.",
    "",
    "| model_type | Classes | LoRA | refused | Other methods | Published | Memory | Traces | equal | Tapes |",
    "| --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: |",
    ...types.map(row),
    "",
    `## ${listMethods().length} methods`,
    "",
    "| peft_type | Cases | refused |",
    "| --- | ---: | ---: |",
    ...listMethods().map(methodRow),
    "",
    `Left out: ${LEFT_OUT.map(([method, why]) => `${method} (${why})`).join(", ")}.`,
    "",
    "## Published sizes",
    "",
    `${equal} of ${published.length} checkpoints have the size that transformers builds, to the unit. The others:`,
    "",
    "| Checkpoint | model_type | Why |",
    "| --- | --- | --- |",
    ...missing,
    "",
  ].join("\n");
}

it("is told in docs/coverage.md", async () => {
  await expect(page()).toMatchFileSnapshot("../../../../docs/coverage.md");
});

it("has run the real code beside every program, and is equal in most", () => {
  const runs = types
    .filter((type) => hasMemory(lora.filter((model) => typeOf(model) === type)))
    .map((type) => ({ type, ...comparedOf(type) }));
  expect(runs.filter((run) => run.traces + run.tapes === 0)).toEqual([]);
  expect(runs.filter((run) => run.equal < 0.75 * run.traces)).toEqual([]);
  const equal = traces.filter(({ isEqual }) => isEqual).length;
  expect(equal / traces.length).toBeGreaterThanOrEqual(0.9);
});

it("leaves out no type, no method and few published models", () => {
  for (const type of types) {
    expect([type, lora.some((model) => typeOf(model) === type)]).toEqual([type, true]);
    const isAsked = others.some((model) => typeOf(model) === type);
    expect([type, isAsked || blueprintOf(type)?.isOwnCode === true]).toEqual([type, true]);
  }
  const cases = [...lora, ...others].flatMap((model) => model.cases);
  const refused = cases.filter((golden) => "error" in golden).length;
  expect(types.length).toBeGreaterThanOrEqual(100);
  expect(refused / cases.length).toBeGreaterThanOrEqual(0.08);
  expect(published.length - notCompared().length).toBeGreaterThanOrEqual(215);
});
