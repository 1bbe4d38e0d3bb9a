/** Files that PEFT saved in the dtypes of a run: base, k-bit preparation, trained dtype (conformance/saved_dtypes.py). */

import { expect } from "vitest";
import { planAdapter } from "../../src/adapter/plan-adapter.js";
import { fileTensors } from "../../src/adapter/saved/saved-tensors.js";
import { auditAdapter } from "../../src/audit/audit-adapter.js";
import { buildGraph } from "../../src/graph/build-graph.js";
import { describeModel } from "../../src/model/description.js";
import type { JsonObject } from "../../src/problem/fields.js";
import { estimate } from "../../src/estimate.js";
import { readGoldens } from "./goldens.js";
import { USUAL_WORLD } from "../../src/worlds/index.js";

export interface SavedCase {
  readonly id: string;
  readonly config: JsonObject;
  readonly adapter: JsonObject;
  readonly training: {
    readonly dtype: "float32" | "bfloat16" | "float16";
    readonly prepare_kbit: boolean;
    readonly adapter_dtype: "auto" | "float32" | "bfloat16";
  };
  readonly bytes: number;
  readonly tensors: Readonly<Record<string, readonly [string, ...number[]]>>;
}

const [, ...rows] = readGoldens("saved-dtypes.jsonl.gz") as [unknown, ...SavedCase[]];
const NAMES: Readonly<Record<string, string>> = { float32: "F32", bfloat16: "BF16", float16: "F16" };

function tensorsOf({ config, adapter, training }: SavedCase): Readonly<Record<string, unknown>> {
  const { graph } = buildGraph(describeModel({ config }, () => ({})), USUAL_WORLD);
  const plan = planAdapter(graph, adapter, USUAL_WORLD);
  const base = training.prepare_kbit ? "float32" : training.dtype;
  const trained = training.adapter_dtype;
  const dtypes = trained === "auto" ? { base } : { base, trained };
  return Object.fromEntries(
    Array.from(fileTensors(plan, dtypes), ([name, { dtype, shape }]) => [name, [NAMES[dtype], ...shape]]),
  );
}

export const savedCases: readonly SavedCase[] = rows;

/** Tensor by tensor, and to the byte. */
export function compareSaved(row: SavedCase): void {
  const { id, config, adapter, training, tensors, bytes } = row;
  expect({ id, tensors: tensorsOf(row) }).toEqual({ id, tensors });
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, [dtype, ...shape]]) => [name, { dtype, shape }]),
  );
  const audit = auditAdapter({ config: adapter, header, model: { config } });
  expect({ id, bytes: "error" in audit ? audit.error : audit.expected_file_bytes }).toEqual({ id, bytes });
  const result = estimate({ model: { config }, adapter, training });
  expect({ id, bytes: "error" in result ? result.error : result.adapter_file_bytes }).toEqual({ id, bytes });
}
