/** From a model and an adapter configuration to everything the adapter adds, copies and unfreezes. */

import { loraFieldHistory } from "../catalogue/lora-fields.js";
import type { ModuleGraph } from "../graph/tree/module-graph.js";
import { parameterCount, trainableCount } from "../graph/tree/sites.js";
import type { Warning } from "../problem/codes.js";
import { Fields, nearestOf, suggestion } from "../problem/fields.js";
import type { JsonObject } from "../problem/fields.js";
import { reject } from "../problem/problem.js";
import { BASE_FIELDS, REMOVED_FIELDS } from "../fields/adapter-lora.js";
import { checkFields } from "../fields/read.js";
import { ADAPTER_FIELDS } from "../fields/scenario.js";
import type { AdapterField } from "../fields/scenario.js";
import { LORA_NAMES } from "./lora/lora-config.js";
import { planLora } from "./lora/plan-lora.js";
import type { World } from "../worlds/world.js";
import { labelsOf } from "../worlds/world.js";
import type { MethodConfig, MethodFacts } from "./plan/method-facts.js";
import { LAYER_METHODS } from "./methods/index.js";
import { planLayerMethod } from "./methods/layer-method.js";
import type { AdapterPlan } from "./plan/plan.js";
import { planTrainableTokens, TOKEN_FIELDS } from "./methods/trainable-tokens.js";
import { ADAPTION_FIELDS, planAdaptionPrompt } from "./prompts/adaption-prompt.js";
import { taskClassWarnings } from "./plan/task-type.js";
import { PROMPT_METHODS } from "./prompts/index.js";
import { planPromptMethod, PROMPT_FIELDS } from "./prompts/prompt-method.js";

type Plan = (graph: ModuleGraph, adapter: Fields, world: World) => AdapterPlan;

interface Method extends MethodFacts {
  /** Fields of its configuration beside those of every method. */
  readonly fields: readonly AdapterField[];
  readonly plan: Plan;
}

const REMOVED_NAMES = Object.keys(REMOVED_FIELDS) as AdapterField[];
const BASE_NAMES = Object.keys(BASE_FIELDS) as AdapterField[];

const LORA: Method = {
  peftType: "LORA",
  configClass: "LoraConfig",
  formula: "r · (in + out) per layer: A is (r, in), B is (out, r)",
  fields: LORA_NAMES,
  plan: planLora,
};

const OTHERS: readonly Method[] = [
  ...LAYER_METHODS.map((method): Method => {
    return { ...method, plan: (graph, adapter) => planLayerMethod(method, graph, adapter) };
  }),
  ...PROMPT_METHODS.map((method): Method => {
    const fields = [...PROMPT_FIELDS, ...method.fields];
    return {
      ...method,
      fields,
      plan: (graph, adapter) => planPromptMethod(method, graph, adapter),
    };
  }),
  {
    peftType: "TRAINABLE_TOKENS",
    configClass: "TrainableTokensConfig",
    formula: "d per token",
    fields: TOKEN_FIELDS,
    plan: planTrainableTokens,
  },
  {
    peftType: "ADAPTION_PROMPT",
    configClass: "AdaptionPromptConfig",
    formula: "adapter_layers · (adapter_len · d + 1)",
    fields: ADAPTION_FIELDS,
    plan: planAdaptionPrompt,
  },
];

const METHODS: readonly Method[] = [
  LORA,
  ...[...OTHERS].sort((left, right) => (left.peftType < right.peftType ? -1 : 1)),
];

const BY_PEFT_TYPE: ReadonlyMap<string, Method> = new Map(
  METHODS.map((method) => [method.peftType, method]),
);

/** PEFT methods that are counted, by their `peft_type`. Example: listMethods()[0] // "LORA" */
export function listMethods(): readonly string[] {
  return [...BY_PEFT_TYPE.keys()];
}

/**
 * What a method trains and how its configuration is called; undefined for one that is not counted.
 *
 * Example: methodFacts("IA3")?.configClass // "IA3Config"
 */
export function methodFacts(peftType: string): MethodConfig | undefined {
  const method = BY_PEFT_TYPE.get(peftType);
  if (method === undefined) return undefined;
  const { configClass, formula } = method;
  const fields = [...fieldsOf(peftType), ...removedOf(method)];
  return { peftType: method.peftType, configClass, formula, fields };
}

/**
 * What PEFT makes of a model and the content of adapter_config.json; null is full fine-tuning.
 *
 * Unit of the totals: parameters, exact: what `get_nb_trainable_parameters()` returns.
 * Source: peft mapping_func.py `get_peft_model`.
 */
export function planAdapter(
  graph: ModuleGraph,
  adapter: JsonObject | null,
  world: World,
): AdapterPlan {
  if (adapter === null) return fullFineTuning(graph);
  const fields = new Fields(adapter, "adapter");
  const peftType = fields.string("peft_type") ?? "LORA";
  const method = methodOf(peftType);
  const { kept, removed } = withoutRemoved(fields, method);
  kept.rejectUnknown([...BASE_NAMES, ...method.fields]);
  const plan = method.plan(graph, kept, world);
  // What the method does not look at is looked at here.
  checkFields(kept, ADAPTER_FIELDS);
  const warnings = [
    ...removed.map(removedWarning),
    ...unwrappedTask(kept, graph, world),
    ...taskClassWarnings(graph, kept),
  ];
  return warnings.length === 0 ? plan : { ...plan, warnings: [...warnings, ...plan.warnings] };
}

/** Source: peft 0.21.0 peft_model.py `PeftModelForSeq2SeqLM.__init__`, which 0.21.2 mended. */
function unwrappedTask(fields: Fields, graph: ModuleGraph, world: World): readonly Warning[] {
  if (fields.string("task_type") !== "SEQ_2_SEQ_LM" || world.rules.wrapsSeq2Seq) return [];
  const { peft, transformers } = labelsOf(world);
  const message = `${peft} stops here with ${transformers} (AttributeError: '${graph.className}' object has no attribute '_prepare_encoder_decoder_kwargs_for_generation'); leave task_type out, or take PEFT 0.21.2, for which the answer is`;
  return [{ code: "stops_in_peft", message }];
}

/** Names of the fields that the configuration of a method has; stops at a method that is not known. */
export function fieldsOf(peftType: string): readonly AdapterField[] {
  return [...BASE_NAMES, ...methodOf(peftType).fields];
}

function methodOf(peftType: string): Method {
  return BY_PEFT_TYPE.get(peftType) ?? rejectPeftType(peftType);
}

interface Sorted {
  readonly kept: Fields;
  /** Names of fields that PEFT had once. */
  readonly removed: readonly AdapterField[];
}

/** Files of 2023 carry fields that no later release reads. PEFT ignores them when it loads a file, and so do we. */
function withoutRemoved(adapter: Fields, method: Method): Sorted {
  const removed = removedOf(method).filter((name) => Object.hasOwn(adapter.values, name));
  if (removed.length === 0) return { kept: adapter, removed };
  const names: readonly string[] = removed;
  const rest = Object.entries(adapter.values).filter(([name]) => !names.includes(name));
  return { kept: new Fields(Object.fromEntries(rest), "adapter"), removed };
}

function removedOf({ peftType }: Method): readonly AdapterField[] {
  return peftType === "LORA" ? REMOVED_NAMES : [];
}

function removedWarning(name: string): Warning {
  const until = loraFieldHistory(name)?.until ?? "";
  return {
    code: "removed_field",
    message: `adapter.${name} is a field of early PEFT (until ${until}) that decides nothing any more; it is ignored`,
  };
}

function fullFineTuning(graph: ModuleGraph): AdapterPlan {
  const base = parameterCount(graph);
  return {
    peftType: "NONE",
    modules: [],
    copies: [],
    unfrozen: [],
    modelTensors: [],
    trainable: trainableCount(graph),
    all: base,
    warnings: [],
  };
}

function rejectPeftType(peftType: string): never {
  const known = listMethods();
  reject({
    code: "unknown_peft_type",
    path: "adapter.peft_type",
    message: `adapter.peft_type ${peftType} is not known${suggestion(peftType, known)}`,
    received: peftType,
    expected: known,
    ...nearestOf(peftType, known),
  });
}
