/** Adaption prompt (LLaMA-Adapter): trained tokens that the last attentions see, each behind a gate. */

import type { AdapterField } from "../../fields/scenario.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { trained } from "../methods/tensors.js";
import type { AdapterPlan } from "../plan/plan.js";
import { planTuner } from "../tuner/plan-tuner.js";
import { rejectOption } from "../plan/reject-option.js";
import { readTaskType, rejectTaskWithHead } from "../plan/task-type.js";

/** Attention modules by model_type. Source: peft tuners/adaption_prompt/config.py. */
const ATTENTION: ReadonlyMap<string, string> = new Map([
  ["llama", "self_attn"],
  ["mistral", "self_attn"],
  ["gpt2", "attn"],
]);

export const ADAPTION_FIELDS: readonly AdapterField[] = [
  "target_modules",
  "adapter_len",
  "adapter_layers",
];

/**
 *     adapter_layers · (adapter_len · d + 1)
 *
 * Source: arXiv:2303.16199; peft tuners/adaption_prompt/model.py `add_adapter`, layer.py.
 */
export function planAdaptionPrompt(graph: ModuleGraph, adapter: Fields): AdapterPlan {
  const taskType = readTaskType(adapter);
  const usual = ATTENTION.get(graph.modelType);
  if (usual === undefined || graph.decoder === undefined) {
    return rejectOption(adapter, "peft_type", `is for ${[...ATTENTION.keys()].join(", ")}`);
  }
  const length = required(adapter, "adapter_len");
  const layers = required(adapter, "adapter_layers");
  const ending = `.${adapter.string("target_modules") ?? usual}`;
  const found = sitesOf(graph).filter(({ path }) => path.endsWith(ending));
  const most = found.reduce((sum, { count }) => sum + count, 0);
  if (layers > most) rejectOption(adapter, "adapter_layers", `must be at most ${most}`);
  rejectTaskWithHead(adapter, taskType);
  const { hiddenSize } = graph.decoder;
  return planTuner(graph, {
    peftType: "ADAPTION_PROMPT",
    taskType,
    targeting: {
      targets: undefined,
      excluded: undefined,
      targetParameters: undefined,
      layers: undefined,
      modulesToSave: undefined,
    },
    hasDefaultTargets: true,
    bias: "none",
    adapt: () => [],
    adaptsNoModule: true,
    modelTensors: () => [
      trained("adaption_prompt", layers, length, hiddenSize),
      trained("adaption_gate", layers),
    ],
  });
}

function required(adapter: Fields, field: string): number {
  const value = adapter.integer(field, { min: 1 });
  if (value !== undefined) return value;
  reject({
    code: "invalid_adapter_type",
    path: adapter.at(field),
    message: `${adapter.at(field)} must be given`,
    expected: "whole number",
  });
}
