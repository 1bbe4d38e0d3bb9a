/** Counts and adapted modules against real PEFT (conformance/counts.py): drawn adapters on small models of every family. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { planAdapter } from "../../src/adapter/plan-adapter.js";
import { estimate } from "../../src/estimate.js";
import { buildGraph } from "../../src/graph/build-graph.js";
import type { Site } from "../../src/graph/sites.js";
import { describeModel } from "../../src/model/description.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { PROBLEM_CODES } from "../../src/problem/codes.js";
import type { CodeFacts } from "../../src/problem/codes.js";
import { isRefusal } from "../../src/result.js";
import type { ModuleRow, Result } from "../../src/result.js";
import { formatTrainableLine } from "../../src/units/format.js";

type Case =
  | { readonly adapter: JsonObject; readonly error: string; readonly message: string }
  | {
      readonly adapter: JsonObject;
      readonly trainable: number;
      readonly all: number;
      readonly modules: Readonly<Record<string, number>>;
      /** Start of the SHA-256 of all adapted paths, sorted, a line each. */
      readonly paths: string;
    };

interface Model {
  readonly id: string;
  readonly config: JsonObject;
  readonly architecture: string | null;
  readonly cases: readonly Case[];
}

function readModels(name: string): readonly Model[] {
  const file = new URL(name, import.meta.url);
  const [, ...lines] = gunzipSync(readFileSync(file)).toString().trim().split("\n");
  return lines.map((line): Model => JSON.parse(line) as Model);
}

/** Drawn adapters (conformance/counts.py). */
const models = readModels("counts.jsonl.gz");
/** Adapters on single parameters and on replicated layers (conformance/layer_counts.py). */
const layered = readModels("layer-counts.jsonl.gz");

function answer({ config, architecture }: Model, adapter: JsonObject): Result {
  const model = architecture === null ? { config } : { config, architecture };
  return estimate({ model, adapter });
}

/** Adapted modules by pattern, as the judge writes them; copies trained in full have no rank. */
function adapted(rows: readonly ModuleRow[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { path, count, rank } of rows) {
    if (rank === undefined) continue;
    const pattern = path.replace(/(?<=^|\.)\d+(?=\.|$)/g, "*");
    counts[pattern] = (counts[pattern] ?? 0) + count;
  }
  return counts;
}

/** Every adapted module by its own path. */
function pathsOf({ config, architecture }: Model, adapter: JsonObject): readonly string[] {
  const model = architecture === null ? { config } : { config, architecture };
  const versions = { peft: "0.21.0", transformers: "5.18.0" };
  const { graph } = buildGraph(describeModel(model, () => ({})), 5);
  return planAdapter(graph, adapter, versions).modules.flatMap(({ site }) => expand(site));
}

function expand({ pattern, indices }: Site): readonly string[] {
  return indices.reduce<readonly string[]>(
    (paths, choices) =>
      paths.flatMap((path) => choices.map((index) => path.replace("*", String(index)))),
    [pattern],
  );
}

function digest(paths: readonly string[]): string {
  const text = [...paths].sort().join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** What the two sides say about a case, in a form that reads well when they differ. */
function judged(golden: Case): unknown {
  if ("error" in golden) return { exception: golden.error };
  const { trainable, all, modules, paths } = golden;
  return { line: formatTrainableLine(trainable, all), modules, paths };
}

function computed(model: Model, golden: Case): unknown {
  const result = answer(model, golden.adapter);
  if (isRefusal(result)) {
    const facts: CodeFacts = PROBLEM_CODES[result.error.code];
    return "error" in golden ? { exception: facts.exception } : { refused: result.error.message };
  }
  const { trainable, all, by_module: rows = [] } = result.parameters;
  const paths = digest(pathsOf(model, golden.adapter));
  return { line: formatTrainableLine(trainable, all), modules: adapted(rows), paths };
}

function compare(model: Model): void {
  for (const golden of model.cases) {
    const { adapter } = golden;
    expect({ adapter, answer: computed(model, golden) }).toEqual({
      adapter,
      answer: judged(golden),
    });
  }
}

describe("counts equal PEFT's", () => {
  it.each(models)("$id", compare);

  it("over at least four thousand cases, at least a twelfth of them refused by PEFT", () => {
    const cases = models.flatMap((model) => model.cases);
    const errors = cases.filter((golden) => "error" in golden);
    expect(cases.length).toBeGreaterThanOrEqual(4000);
    expect(errors.length / cases.length).toBeGreaterThanOrEqual(1 / 12);
  });
});

describe("counts of single parameters and replicated layers equal PEFT's", () => {
  it.each(layered)("$id", compare);
});

describe("hostile options of layers and parameters", () => {
  const config = { model_type: "llama" };
  it.each([
    ["invalid_layer_index", { layer_replication: [[0, 1e12]] }],
    ["invalid_layer_index", { layer_replication: [[-1e12, 0]] }],
    ["limit_exceeded", { layer_replication: Array.from({ length: 1e5 }, () => [0, 32]) }],
    [
      "unknown_target_module",
      { target_modules: [], target_parameters: Array.from({ length: 1e4 }, (_, i) => `x.${i}`) },
    ],
  ])("%s within two seconds", (code, options) => {
    const start = performance.now();
    const result = answer(
      { id: "", config, architecture: null, cases: [] },
      { r: 8, target_modules: ["q_proj"], ...options },
    );
    expect(isRefusal(result) ? result.error.code : "counted").toBe(code);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it("refuses experts under transformers 4 by name", () => {
    const scenario = { model: { config: { model_type: "mixtral" } }, adapter: { r: 8 } };
    const result = estimate({ ...scenario, versions: { transformers: "4.57.0" } });
    expect(isRefusal(result) ? result.error.code : "counted").toBe("unsupported");
  });
});
