/** Methods that train virtual tokens beside a frozen model: what they have in common, and how one becomes a plan. */

import type { DecoderSizes, ModuleGraph } from "../../graph/tree/module-graph.js";
import type { Fields } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import { adapterFields } from "../../fields/scenario.js";
import type { AdapterField } from "../../fields/scenario.js";
import type { MethodFacts } from "../plan/method-facts.js";
import type { AdapterPlan, AdapterTensor } from "../plan/plan.js";
import { planTuner } from "../tuner/plan-tuner.js";
import { rejectOption } from "../plan/reject-option.js";
import type { Targeting } from "../targets/targeting.js";
import { HEADS_BY_TASK, readTaskType } from "../plan/task-type.js";
import type { TaskType } from "../plan/task-type.js";

export interface PromptMethod extends MethodFacts {
  /** Fields of its configuration beside those of every prompt method. */
  readonly fields: readonly AdapterField[];
  /** Checks the configuration, then shapes it for a model. */
  readonly read: (adapter: Fields) => (sizes: PromptSizes) => Prompt;
}

/** Only the finished prompt is saved, and what says so; the network that makes it stays behind. */
interface Prompt {
  readonly tensors: readonly AdapterTensor[];
  /** Shape of `prompt_embeddings` in the file. */
  readonly saved: readonly number[];
}

interface PromptSizes extends DecoderSizes {
  readonly taskType: TaskType;
  /** Encoder and decoder each get the prompt. */
  readonly submodules: number;
}

/** Source: peft config.py `PromptLearningConfig`. */
export const PROMPT_FIELDS = adapterFields(
  ["num_virtual_tokens", "token_dim", "num_transformer_submodules", "num_attention_heads"],
  ["num_layers", "modules_to_save"],
);

/** Source: peft peft_model.py `_setup_prompt_encoder`, utils/other.py `_prepare_prompt_learning_config`. */
export function planPromptMethod(
  method: PromptMethod,
  graph: ModuleGraph,
  adapter: Fields,
): AdapterPlan {
  const given = readTaskType(adapter);
  const tensorsFor = method.read(adapter);
  const taskType = given ?? rejectMissingTask(method, adapter);
  const { tensors, saved } = tensorsFor(sizesOf(graph, adapter, taskType));
  const plan = planTuner(graph, {
    peftType: method.peftType,
    taskType,
    targeting: targetingOf(adapter, taskType),
    hasDefaultTargets: true,
    bias: "none",
    leavesRoot: true,
    adapt: () => [],
    adaptsNoModule: true,
    modelTensors: () => tensors.map((tensor) => ({ isSaved: false, ...tensor })),
  });
  rejectCopies(adapter, taskType, plan);
  return { ...plan, savedPrompt: saved };
}

/** Copies that hit the prompt itself, or the whole model together with its prompt. */
function rejectCopies(adapter: Fields, taskType: TaskType, { rootCopies }: AdapterPlan): void {
  const names = adapter.stringList("modules_to_save") ?? [];
  const hit = names.find((name) => "prompt_encoder".endsWith(name));
  if (hit !== undefined && HEADS_BY_TASK[taskType] !== undefined) {
    reject({
      code: "invalid_adapter_type",
      path: adapter.at("modules_to_save"),
      message: `${hit} in modules_to_save also hits PEFT's own prompt_encoder, a ModuleDict; give a longer name`,
      received: hit,
    });
  }
  if (rootCopies === undefined) return;
  reject({
    code: "unsupported",
    path: adapter.at("modules_to_save"),
    message: "prompts beside a copy of the whole model are not computed",
    received: adapter.get("modules_to_save"),
  });
}

/** Number of virtual tokens; PEFT cannot make an embedding without it. */
export function readVirtualTokens(adapter: Fields): number {
  const tokens = adapter.integer("num_virtual_tokens", { min: 0 });
  if (tokens !== undefined) return tokens;
  reject({
    code: "invalid_adapter_type",
    path: adapter.at("num_virtual_tokens"),
    message: `${adapter.at("num_virtual_tokens")} must be given`,
    expected: "whole number",
  });
}

function rejectMissingTask({ peftType }: PromptMethod, adapter: Fields): never {
  reject({
    code: "missing_task_type",
    path: adapter.at("task_type"),
    message: `${adapter.at("task_type")} must be given: ${peftType} runs in a class of its task`,
    expected: "CAUSAL_LM, SEQ_CLS, …",
  });
}

function targetingOf(adapter: Fields, taskType: TaskType): Targeting {
  const heads = taskType === "SEQ_CLS" ? (HEADS_BY_TASK.SEQ_CLS ?? []) : [];
  return {
    targets: undefined,
    excluded: undefined,
    targetParameters: undefined,
    layers: undefined,
    modulesToSave: [...(adapter.stringList("modules_to_save") ?? []), ...heads],
  };
}

function sizesOf(graph: ModuleGraph, adapter: Fields, taskType: TaskType): PromptSizes {
  const { decoder } = graph;
  if (decoder === undefined) {
    reject({
      code: "unsupported",
      path: adapter.at("peft_type"),
      message: `prompts for ${graph.className} are not computed: its sizes are not known`,
      received: adapter.get("peft_type"),
    });
  }
  const missing = decoder.notFound?.find((field) => !adapter.has(field));
  if (missing !== undefined) {
    rejectOption(adapter, missing, "must be given: PEFT does not find it in the configuration");
  }
  if (decoder.hasNoVocabulary === true) {
    reject({
      code: "missing_attribute",
      path: adapter.at("peft_type"),
      message: `${graph.className} has no vocabulary; prompts are for models of text`,
      received: adapter.get("peft_type"),
    });
  }
  return {
    taskType,
    layers: adapter.integer("num_layers", { min: 1 }) ?? decoder.layers,
    hiddenSize: adapter.integer("token_dim", { min: 1 }) ?? decoder.hiddenSize,
    keyValueSize: decoder.keyValueSize,
    hidesEmbedding: decoder.hidesEmbedding === true,
    submodules:
      adapter.integer("num_transformer_submodules", { min: 1 }) ??
      (taskType === "SEQ_2_SEQ_LM" ? 2 : 1),
  };
}
