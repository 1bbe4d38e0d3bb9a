/** A measured run beside its estimate: which tier is off, by how much, and what of it is this machine's own. */

import { estimate } from "./estimate.js";
import { asScenario } from "./exchange/as-scenario.js";
import { scoreMeasured } from "./exchange/measured-peaks.js";
import { peaksOf } from "./exchange/peaks.js";
import type { MeasuredPeaks, ScoredTier } from "./exchange/measured-peaks.js";
import { withAssumed } from "./exchange/with-assumed.js";
import { Fields, isObject } from "./problem/fields.js";
import type { JsonObject } from "./problem/fields.js";
import { InputError, reject } from "./problem/problem.js";
import { isRefusal } from "./result.js";
import type { Estimate, Refusal } from "./result.js";
import type { Scenario } from "./scenario.js";
import { listStacks } from "./stacks/stacks.js";

export interface Calibration {
  readonly schema: 1;
  /** The run, with every setting in force. */
  readonly scenario: Scenario;
  /** As PyTorch names it. */
  readonly card?: string;
  readonly versions: JsonObject;
  readonly tiers: readonly ScoredTier[];
  /** Parameters that train: measured, and predicted. */
  readonly trainable?: { readonly measured: number; readonly predicted: number };
  /** CUDA context of the machine, measured and predicted. Unit: bytes. Certainty of the first: fitted, to this one run. */
  readonly context?: { readonly measured: number; readonly predicted: number };
  /** The scenario with what was measured of the machine in it. */
  readonly calibrated: Scenario;
  /** What is off, in words; empty where everything lies inside its band. */
  readonly findings: readonly string[];
}

/** Names in the JSON of `measure`. */
const NAMES = [
  ...["schema", "scenario", "trainable", "versions", "card", "capacity", "cuda", "loaded"],
  ...["steps", "context", "num_alloc_retries", "measured"],
];

/**
 * What `measure` wrote, beside the estimate of the same run.
 *
 * Never throws; what is no such file is an `error`.
 * Example: calibrate({ scenario: { model: "gpt2", training: {} }, measured: {} }).findings // []
 */
export function calibrate(result: unknown): Calibration | Refusal {
  try {
    return compared(result);
  } catch (error) {
    if (error instanceof InputError) return { schema: 1, error: error.problem };
    throw error;
  }
}

function compared(result: unknown): Calibration | Refusal {
  if (!isObject(result) || !isObject(result["scenario"])) {
    const message =
      "calibrate reads the JSON that measure.py wrote, with scenario and measured in it; run lora-calc measure MODEL > measure.py, then python measure.py";
    reject({ code: "missing_field", path: "scenario", message, expected: "JSON of measure.py" });
  }
  const fields = new Fields(result, "");
  fields.rejectUnknown(NAMES);
  const given = asScenario(result["scenario"]);
  const capacity = fields.integer("capacity", { min: 1 });
  const versions = fields.object("versions")?.values ?? {};
  const scenario = underMeasured(withCard(given, capacity), versions);
  const answer = estimate(scenario, { expandable: false });
  if (isRefusal(answer)) return answer;
  const tiers = scoreMeasured(answer, peaksIn(fields));
  const context = contextOf(fields, answer);
  const trained = fields.integer("trainable", { min: 0 });
  const { trainable: predicted } = answer.parameters;
  const card = fields.string("card");
  const retries = fields.integer("num_alloc_retries", { min: 0 }) ?? 0;
  return {
    schema: 1,
    scenario: withAssumed(scenario, answer),
    ...(card === undefined ? {} : { card }),
    versions,
    tiers,
    ...(trained === undefined ? {} : { trainable: { measured: trained, predicted } }),
    ...(context === undefined ? {} : { context }),
    calibrated: context === undefined ? scenario : withContext(scenario, context.measured),
    findings: findingsOf({
      tiers,
      trained,
      predicted,
      retries,
      hasMeasured: fields.has("measured"),
    }),
  };
}

/** Under the release of TRL that ran, where it is computed. */
function underMeasured(scenario: Scenario, { trl }: JsonObject): Scenario {
  if (typeof trl !== "string" || scenario.stack === undefined) return scenario;
  const minor = trl.split(".").slice(0, 2).join(".");
  const stack = listStacks().find(({ id }) => id === `trl-${minor}`);
  return stack === undefined ? scenario : { ...scenario, stack: stack.id };
}

/** A run that names no card was made on one of this size. */
function withCard(scenario: Scenario, capacity: number | undefined): Scenario {
  const { gpu, memory_bytes: size } = scenario.hardware ?? {};
  if (capacity === undefined || (gpu ?? size ?? null) !== null) return scenario;
  return { ...scenario, hardware: { ...scenario.hardware, memory_bytes: capacity } };
}

function withContext(scenario: Scenario, bytes: number): Scenario {
  return { ...scenario, hardware: { ...scenario.hardware, context_bytes: bytes } };
}

function peaksIn(fields: Fields): MeasuredPeaks {
  const measured = fields.object("measured");
  measured?.rejectUnknown(["allocated", "reserved", "process"]);
  const peak = (tier: keyof MeasuredPeaks): MeasuredPeaks => {
    const bytes = measured?.integer(tier, { min: 1 });
    return bytes === undefined ? {} : { [tier]: bytes };
  };
  return { ...peak("allocated"), ...peak("reserved"), ...peak("process") };
}

function contextOf(fields: Fields, answer: Estimate): Calibration["context"] {
  const measured = fields.has("context") ? fields.integer("context", { min: 0 }) : undefined;
  const peaks = peaksOf(answer);
  const predicted = peaks?.beyond_tensors.find(({ name }) => name === "cuda_context")?.bytes;
  return measured === undefined || predicted === undefined ? undefined : { measured, predicted };
}

interface Found {
  readonly tiers: readonly ScoredTier[];
  readonly trained: number | undefined;
  readonly predicted: number;
  readonly retries: number;
  readonly hasMeasured: boolean;
}

function findingsOf({ tiers, trained, predicted, retries, hasMeasured }: Found): readonly string[] {
  const isOff = (name: ScoredTier["tier"]): boolean =>
    tiers.some(({ tier, is_inside: isInside }) => tier === name && !isInside);
  if (trained !== undefined && trained !== predicted)
    return ["another number of parameters trained than was counted: the runs are not the same"];
  return [
    ...(hasMeasured ? [] : ["no memory was measured: the run was made without a CUDA card"]),
    ...(retries === 0 ? [] : [FULL]),
    ...(isOff("allocated")
      ? [WRONG_TENSORS]
      : isOff("reserved")
        ? [OTHER_CACHE]
        : isOff("process")
          ? [OTHER_CONTEXT]
          : []),
  ];
}

const FULL =
  "the allocator ran out and gave its cache back: what is reserved is the limit of the card, not what the run would take with room";
const WRONG_TENSORS =
  "allocated lies outside its band: a tensor is counted that is not there, or one is missing; please report it with this file";
const OTHER_CACHE =
  "allocated agrees and reserved does not: the tensors are right, and the allocator's cache came out otherwise (another order, other kernels' workspaces)";
const OTHER_CONTEXT =
  "allocated and reserved agree and the process does not: the CUDA context of this machine is another, which hardware.context_bytes says";
