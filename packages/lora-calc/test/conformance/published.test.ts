/** Adapters that PEFT saved, read as it reads them: counts, and the files to the byte (conformance/published.py). */

import { describe, expect, it } from "vitest";
import { adapterFileBytes, isFileKnown } from "../../src/adapter/file-bytes.js";
import { auditAdapter } from "../../src/audit/audit-adapter.js";
import type { AdapterPlan } from "../../src/adapter/plan.js";
import { withTrainedRanks } from "../../src/adapter/methods/adalora.js";
import { planAdapter } from "../../src/adapter/plan-adapter.js";
import { fileTensors } from "../../src/adapter/saved-tensors.js";
import { buildGraph } from "../../src/graph/build-graph.js";
import type { ModuleGraph } from "../../src/graph/module-graph.js";
import { describeModel } from "../../src/model/description.js";
import { InputError } from "../../src/problem/problem.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { isDtype } from "../../src/units/dtype.js";
import { readGoldens } from "./goldens.js";

interface Counts {
  readonly trainable: number;
  readonly all: number;
}

interface Case {
  readonly adapter: JsonObject;
  readonly created: Counts;
  readonly loaded: Counts | { readonly error: string };
  readonly bytes: number;
  readonly tensors: Readonly<Record<string, readonly [string, ...number[]]>>;
}

interface Model {
  readonly id: string;
  readonly config: JsonObject;
  readonly architecture: string | null;
  readonly dtype: string;
  readonly cases: readonly Case[];
}

const [, ...models] = readGoldens("published.jsonl.gz") as [unknown, ...Model[]];

function headerOf(tensors: Case["tensors"]): JsonObject {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, [dtype, ...shape]]) => [name, { dtype, shape }]),
  );
}

/** Not where two modules are trained as one and saved as two. */
function isPlainLora({ adapter, loaded }: Case): boolean {
  return (
    adapter["peft_type"] === "LORA" &&
    adapter["ensure_weight_tying"] !== true &&
    !("error" in loaded)
  );
}

const FAULTS = ["missing_tensors", "unexpected_tensors", "shape_differs", "empty_tensors", "old_key_format"];
const PROMPTS = ["PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "MULTITASK_PROMPT_TUNING"];

/** PEFT cannot train a loaded prompt and leaves the network behind it out: what it counted before is comparable. */
function judged({ adapter, created, loaded }: Case): Counts | { readonly error: string } {
  const isPrompt = [...PROMPTS, "CARTRIDGE", "CPT"].includes(String(adapter["peft_type"]));
  return isPrompt ? created : loaded;
}

function planOf(graph: ModuleGraph, { adapter }: Case): AdapterPlan | undefined {
  try {
    return planAdapter(graph, adapter, { peft: "0.21.0", transformers: "5.18.0" });
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function graphOf({ config, architecture }: Model): ModuleGraph {
  const model = architecture === null ? { config } : { config, architecture };
  return buildGraph(describeModel(model, () => ({})), 5).graph;
}

describe("a published adapter", () => {
  it.each(models)("on $id is counted as PEFT counts it after loading", (model) => {
    const graph = graphOf(model);
    for (const golden of model.cases) {
      const expected = judged(golden);
      if ("error" in expected) continue;
      const planned = planOf(graph, golden);
      const moves = planned !== undefined && model.dtype !== "float32";
      const plan = moves ? withTrainedRanks(planned) : planned;
      // A P-tuning whose encoder PEFT would refuse to train again is loaded without it.
      if (plan === undefined && golden.adapter["peft_type"] === "P_TUNING") continue;
      const { adapter } = golden;
      const counts = plan === undefined ? "refused" : { trainable: plan.trainable, all: plan.all };
      expect({ adapter, counts }).toEqual({ adapter, counts: expected });
    }
  });

  it.each(models)("on $id has the tensors and the size of the file that PEFT wrote", (model) => {
    const graph = graphOf(model);
    const { dtype } = model;
    if (!isDtype(dtype)) throw new Error(dtype);
    for (const golden of model.cases) {
      const plan = planOf(graph, golden);
      if (plan === undefined || "error" in golden.loaded || !isFileKnown(plan)) continue;
      const tensors = Object.fromEntries(
        Array.from(fileTensors(plan, { base: dtype }), ([name, { shape }]) => [name, shape]),
      );
      const { adapter } = golden;
      expect({ adapter, tensors, bytes: adapterFileBytes(plan, { base: dtype }) }).toEqual({
        adapter,
        tensors: Object.fromEntries(
          Object.entries(golden.tensors).map(([name, [, ...shape]]) => [name, shape]),
        ),
        bytes: golden.bytes,
      });
    }
  });

  it.each(models)("on $id is audited without a fault in its tensors", (model) => {
    // The judge puts adapters of every task on this class, which no user would.
    const base = { config: model.config, architecture: graphOf(model).className };
    for (const { adapter, loaded, tensors } of model.cases) {
      if ("error" in loaded) continue;
      const audit = auditAdapter({ config: adapter, header: headerOf(tensors), model: base });
      if ("error" in audit) throw new Error(audit.error.message);
      const faults = audit.findings.filter(({ code }) => FAULTS.includes(code));
      expect({ adapter, faults }).toEqual({ adapter, faults: [] });
    }
  });

  // The others hold buffers of copies, frozen biases under a head, or biases of shared layers under two names.
  it("of LoRA holds what PEFT trains, counted from its tensors alone, in 98 of 100 files", () => {
    const files = models.flatMap((model) => model.cases.filter(isPlainLora));
    const equal = files.filter(({ adapter, tensors, loaded }) => {
      const result = auditAdapter({ config: adapter, header: headerOf(tensors) });
      return "trainable" in loaded && "file" in result && result.file.parameters === loaded.trainable;
    });
    expect(files.length).toBeGreaterThanOrEqual(800);
    expect(equal.length / files.length).toBeGreaterThan(0.98);
  });

  it("has a known file in nine of ten cases and in all of the usual methods", () => {
    const plans = models.flatMap((model) => {
      const graph = graphOf(model);
      return model.cases.flatMap((golden) => planOf(graph, golden) ?? []);
    });
    const known = plans.filter(isFileKnown);
    expect(known.length).toBeGreaterThanOrEqual(2400);
    const ofLora = plans.filter(({ peftType }) => peftType === "LORA");
    expect(ofLora.filter(isFileKnown).length / ofLora.length).toBeGreaterThan(0.9);
  });
});
