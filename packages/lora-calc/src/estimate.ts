/** The whole pipeline: scenario in, result out. Each line is one arrow of the picture in ARCHITECTURE.md. */

import { adapterFileBytes, isFileKnown } from "./adapter/saved/file-bytes.js";
import type { SavedDtypes } from "./adapter/saved/saved-tensors.js";
import type { AdapterPlan } from "./adapter/plan/plan.js";
import { withTrainedRanks } from "./adapter/methods/adalora.js";
import { SCENARIO_NAMES } from "./fields/section-names.js";
import { planAdapter } from "./adapter/plan-adapter.js";
import { fitOf } from "./advice/fit.js";
import { readModel } from "./graph/read-model.js";
import { defaultSizeWarnings } from "./graph/default-sizes.js";
import type { ModuleGraph } from "./graph/tree/module-graph.js";
import { parameterCount } from "./graph/tree/sites.js";
import { stepFloor } from "./memory/report/at-least.js";
import { attentionWarnings } from "./memory/report/attention-warnings.js";
import { readHardware, unknownCard } from "./memory/settings/device.js";
import type { Device, Hardware } from "./memory/settings/device.js";
import { estimateMemory } from "./memory/report/estimate-memory.js";
import { assumedWheel } from "./memory/report/assumed-wheel.js";
import { evidenceOf } from "./memory/report/evidence.js";
import { bandsOf } from "./memory/report/interval.js";
import { packedWeights } from "./memory/report/packed-weights.js";
import { compiledUpdateWarnings } from "./memory/report/compiled-update.js";
import { leftOutWarnings } from "./memory/report/left-out.js";
import { gradientWarnings } from "./memory/report/gradient-warnings.js";
import { subclassWarnings } from "./memory/report/subclass-warnings.js";
import { expertWarnings } from "./memory/report/expert-warnings.js";
import { rejectAdaptedHead } from "./memory/settings/runnable.js";
import { whyNotRun } from "./memory/settings/why-not-run.js";
import { rejectPackedCopies } from "./memory/settings/packed-copies.js";
import { storedBytes } from "./memory/load/stored-bytes.js";
import { litgptWarnings } from "./memory/report/litgpt-warnings.js";
import { stateKernelWarnings } from "./memory/report/state-kernels.js";
import { readStep } from "./memory/settings/read-step.js";
import type { StepSettings } from "./memory/settings/read-step.js";
import type { TrainingSettings } from "./memory/settings/training.js";
import { withFreeBytes } from "./memory/settings/unsloth.js";
import { Fields } from "./problem/fields.js";
import { InputError, reject } from "./problem/problem.js";
import type { Problem } from "./problem/problem.js";
import type { Estimate, Result } from "./result.js";
import type { Scenario } from "./scenario.js";
import { memoryResult, parameterCounts } from "./exchange/write-result.js";
import { fusesPackedProducts, shortRelease } from "./worlds/world.js";
import type { ChosenWorld } from "./worlds/choose-world.js";
import type { World } from "./worlds/world.js";
import { USUAL_WORLD } from "./worlds/index.js";

export interface EstimateOptions {
  /**
   * Whether `reserved_peak_expandable` is wanted (default true): it takes a second run through the allocator, a fifth of
   * the time. Without it the field is absent.
   */
  readonly expandable?: boolean;
  /** Told how many events of the allocator were played: what the estimate cost, counted and not timed. */
  readonly onWork?: (events: number) => void;
}

/**
 * Answers a scenario: counts always; memory when `training`, `stack` or `hardware` is given.
 *
 * Never throws for any input: what cannot be answered comes back as `error`.
 * Example: estimate({ model: "meta-llama/Llama-3.1-8B", adapter: { r: 16, target_modules: "all-linear" } })
 *   .parameters.trainable // 41943040
 */
export function estimate(scenario: Scenario, options: EstimateOptions = {}): Result {
  const id = idOf(scenario);
  try {
    return { schema: 1, ...id, ...compute(new Fields(scenario, ""), options) };
  } catch (error) {
    if (error instanceof InputError) return { schema: 1, ...id, error: error.problem };
    return { schema: 1, ...id, error: internalProblem(error) };
  }
}

/** What the adapter adds; AdaLoRA's ranks as they are trained where a step or a packed base is asked for. */
function planOf(
  scenario: Fields,
  graph: ModuleGraph,
  world: World,
  { isAsked, quantization }: StepSettings,
): AdapterPlan {
  const plan = planAdapter(graph, scenario.object("adapter")?.values ?? null, world);
  rejectPackedCopies(graph, plan, quantization);
  return isAsked || quantization !== undefined ? withTrainedRanks(plan) : plan;
}

/** A fault of ours is the answer to its scenario alone: others in a batch are answered. */
function internalProblem(error: unknown): Problem {
  const what = error instanceof Error ? error.message : String(error);
  return {
    code: "internal",
    path: "",
    message: `lora-calc has a fault here (${what}); please report it with this scenario`,
    received: what,
  };
}

function compute(scenario: Fields, options: EstimateOptions): Omit<Estimate, "schema" | "id"> {
  scenario.rejectUnknown(SCENARIO_NAMES);
  const { chosen, world, description, graph, assumed } = readModel(scenario);
  const { device, ranks, strategy, obstacle, ...hardware } = readHardware(
    scenario.object("hardware")?.values,
    chosen.wheel,
  );
  const step = readStep(scenario, description, graph, world);
  const { quantization } = step;
  const plan = planOf(scenario, graph, world, step);
  const stored = storedBytes(graph, step.training.dtype, quantization);
  rejectUncountable(plan.all, stored.bytes);
  const isFull = !scenario.has("adapter");
  const packed = step.packed === undefined ? undefined : packedWeights(step.packed, description);
  const facts: Facts = {
    chosen,
    graph,
    plan,
    isFull,
    device,
    spread: { ranks, strategy },
    step,
    options,
    obstacle: obstacle ?? whyNotThisWorld(world, graph) ?? packed?.obstacle ?? step.obstacle,
    hasFloor:
      obstacle === undefined &&
      packed === undefined &&
      plan.rootCopies === undefined &&
      !(isFull && quantization !== undefined),
  };
  const { warnings, ...memory } = step.isAsked ? memoryPart(facts, stored) : { warnings: [] };
  return {
    parameters: parameterCounts(plan, parameterCount(graph)),
    ...(packed === undefined ? weightsOf(stored, quantization !== undefined) : packed.weights),
    ...(!isFull && isFileKnown(plan)
      ? { adapter_file_bytes: adapterFileBytes(plan, savedDtypes(step.training)) }
      : {}),
    ...memory,
    assumed: [
      ...chosen.assumed,
      ...assumed,
      ...step.assumed,
      ...hardware.assumed,
      ...assumedWheel(graph.root, step, device, chosen),
    ],
    ignored: step.ignored,
    warnings: [
      ...defaultSizeWarnings(description, assumed),
      ...plan.warnings,
      ...step.warnings,
      ...(packed?.warnings ?? []),
      ...expertWarnings(graph, plan, { ...step, device }),
      ...gradientWarnings(graph, plan),
      ...subclassWarnings(graph, quantization),
      ...warnings,
    ],
    versions: { ...chosen.named, profile: step.profile },
  };
}

function weightsOf(
  { bytes }: ReturnType<typeof storedBytes>,
  isQuantized: boolean,
): Pick<Estimate, "weights"> {
  return { weights: { bytes, certainty: isQuantized ? "traced" : "exact" } };
}

/** k-bit preparation makes float32 of what is not packed; a stack may cast what trains. */
function savedDtypes(training: TrainingSettings): SavedDtypes {
  const { dtype, prepare_kbit, adapter_dtype, keepsMagnitudes } = training;
  const base = prepare_kbit ? "float32" : dtype;
  if (adapter_dtype === "auto") return { base };
  const magnitude = keepsMagnitudes ? { magnitude: "float32" as const } : {};
  return { base, trained: adapter_dtype, ...magnitude };
}

/** Modelling code of other releases keeps other tensors; only what was judged is computed: in a world of some types, language models. */
function whyNotThisWorld(
  { verified: { memory }, releases }: World,
  { modelType, className, root, stops }: ModuleGraph,
): string | undefined {
  if (memory === "all" || stops !== undefined) return stops;
  const isKnown = memory.includes(modelType);
  if (isKnown && root.forward?.kind === "causal_lm") return undefined;
  const usual = shortRelease(USUAL_WORLD, "transformers");
  return `the step of ${isKnown ? className : modelType} under transformers ${releases.transformers[0]} is not judged; with versions.transformers ${usual} it is`;
}

/** Beyond 2^53 a number is no longer exact; no model is within a thousandth of it. */
function rejectUncountable(all: number, bytes: number): void {
  if (Number.isSafeInteger(all) && Number.isSafeInteger(bytes)) return;
  reject({
    code: "limit_exceeded",
    path: "model",
    message: `the sizes of the model make more than 2^53 parameters or bytes, beyond what is counted exactly; one of them is wrong`,
    received: all,
  });
}

interface Facts {
  readonly chosen: ChosenWorld;
  readonly graph: ModuleGraph;
  readonly plan: AdapterPlan;
  /** Full fine-tuning: nothing is frozen and nothing is added. */
  readonly isFull: boolean;
  readonly device: Device | undefined;
  readonly spread: Pick<Hardware, "ranks" | "strategy">;
  /** Why memory is not computed, known before the step is looked at. */
  readonly obstacle: string | undefined;
  /** One card holds all weights, stored as they are known to be. */
  readonly hasFloor: boolean;
  readonly step: StepSettings;
  readonly options: EstimateOptions;
}

type MemoryFields = Pick<
  Estimate,
  "memory" | "interval" | "reserved_peak_expandable" | "host_peak" | "fit" | "warnings"
>;

function memoryPart(
  { chosen, graph, plan, isFull, device, spread, obstacle: known, hasFloor, step, options }: Facts,
  stored: ReturnType<typeof storedBytes>,
): MemoryFields {
  const { training, quantization, liger } = step;
  const adapter = isFull ? undefined : plan;
  rejectAdaptedHead(graph, plan, training);
  const { rules } = chosen.world;
  const card = (device ?? unknownCard(chosen.wheel)).attention;
  const obstacle =
    known ??
    whyNotRun({ graph, plan: adapter, quantization, training, ranks: spread.ranks, card, rules });
  if (obstacle !== undefined) {
    const warning = `memory is not computed: ${obstacle}`;
    return {
      ...(hasFloor
        ? floorPart(stepFloor(plan, isFull, stored, { training, world: chosen.world }), device)
        : {}),
      warnings: [{ code: "memory_not_computed", message: warning }],
    };
  }
  const fusesPacked = quantization?.kind === "4bit" && fusesPackedProducts(chosen.bitsandbytes);
  const inputs = {
    rules,
    fusesPacked,
    graph,
    plan: adapter,
    quantization,
    training: withFreeBytes(training, device, stored.bytes),
    liger,
    device: device ?? unknownCard(chosen.wheel),
    ...spread,
  };
  const memory = estimateMemory(inputs, options);
  const { reservedPeakExpandable: expandable } = memory;
  options.onWork?.(memory.playedEvents);
  const interval = bandsOf(
    memory,
    evidenceOf(graph.root, training, inputs.device.attention, {
      isNearest: chosen.isNearest,
      isStranger: device?.stranger !== undefined,
      fusesPacked,
    }),
  );
  return {
    memory: memoryResult(memory, { stored, training }, chosen),
    interval,
    ...(expandable === undefined ? {} : { reserved_peak_expandable: expandable }),
    ...(memory.hostPeak === 0 ? {} : { host_peak: memory.hostPeak }),
    ...(device === undefined ? {} : { fit: fitOf(interval.process, memory.processPeak, device) }),
    warnings: [
      ...leftOutWarnings(graph),
      ...stateKernelWarnings(graph),
      ...compiledUpdateWarnings(training),
      ...litgptWarnings(graph, training, quantization),
      ...attentionWarnings(graph.root, training, device ?? inputs.device),
    ],
  };
}

/** Where the floor alone is more than the card gives, the run does not fit, whatever else it takes. */
function floorPart(
  parts: ReturnType<typeof stepFloor>,
  device: Device | undefined,
): Pick<MemoryFields, "memory" | "fit"> {
  const floor = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const memory = { at_least: floor, parts };
  if (device === undefined) return { memory };
  const fit = fitOf([floor, Infinity], floor, device);
  return fit.verdict === "does_not_fit" ? { memory, fit } : { memory };
}

function idOf(scenario: unknown): { readonly id?: string } {
  const id =
    typeof scenario === "object" && scenario !== null && "id" in scenario ? scenario.id : undefined;
  return typeof id === "string" ? { id } : {};
}
