/** What changes for a run when what is installed changes: one configuration under two stacks, each difference named. */

import { differingReleases, isPreference, worldUnder } from "./differing-releases.js";
import { estimate } from "./estimate.js";
import { peaksOf } from "./exchange/peaks.js";
import { withAssumed } from "./exchange/with-assumed.js";
import type { JsonObject } from "./problem/fields.js";
import type { Problem } from "./problem/problem.js";
import { isRefusal } from "./result.js";
import type { Estimate } from "./result.js";
import type { Scenario } from "./scenario.js";
import { differingDoings } from "./stacks/doings.js";
import { findStack } from "./stacks/stacks.js";
import type { StackProfile } from "./stacks/profile.js";
import { leftBehind } from "./stacks/unsloth.js";
import type { KnownStack, StackId } from "./stacks/stacks.js";

/** A run under one stack. */
export interface UnderStack {
  readonly stack: StackId;
  readonly name: string;
  /** The configuration as it is said under this stack. */
  readonly scenario: Scenario;
  /** Absent where memory is not computed. Unit: bytes. */
  readonly allocated_peak?: number;
  /** Absent where memory is not computed. Unit: bytes. */
  readonly process_peak?: number;
  /** Why there is no answer. */
  readonly problem?: Problem;
}

export interface StackChange {
  /** A field whose value the stack decides, `versions` for what the releases below it do, or `stack` for its own doing. */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
  /** Of the allocated peak. Unit: bytes. */
  readonly bytes: number;
  readonly reason: string;
}

export interface StackComparison {
  readonly from: UnderStack;
  readonly to: UnderStack;
  /** They add up to the difference of the allocated peaks; the largest first. Empty where one of them has no memory. */
  readonly changes: readonly StackChange[];
}

/**
 * The same configuration under two stacks. A loss that the first one's `loss_type` names is what that `loss_type` means under
 * the second; fields that are given stay, but those that Unsloth decides by itself; the others are each stack's own. Stops with `unknown_stack` for an unknown id.
 *
 * Example: const run = { model: "gpt2", adapter: { r: 8 }, training: { loss: "nll" } };
 *   compareStacks(run, "trl-1.13", "trl-1.16").changes[0]?.path // "training.loss"
 */
export function compareStacks(scenario: Scenario, from: StackId, to: StackId): StackComparison {
  const [before, after] = [findStack(from), findStack(to)];
  const own = { training: {}, ...scenario, stack: before.id };
  const other = { ...asConfigured(own, before, after), stack: after.id };
  const [first, second] = [answered(own), answered(other)];
  const changes =
    first.answer === undefined || second.answer === undefined
      ? []
      : changesBetween([
          { stack: before, run: own, ...first.answer },
          { stack: after, run: other, ...second.answer },
        ]);
  return {
    from: underStack(before, own, first),
    to: underStack(after, other, second),
    changes,
  };
}

interface Answer {
  readonly result: Estimate;
  /** Allocated. Unit: bytes. */
  readonly peak: number;
}

interface Answered {
  readonly answer?: Answer;
  readonly processPeak?: number;
  readonly problem?: Problem;
}

function answered(scenario: Scenario): Answered {
  const result = estimate(scenario, { expandable: false });
  if (isRefusal(result)) return { problem: result.error };
  const memory = peaksOf(result);
  if (memory === undefined) return {};
  return {
    answer: { result, peak: memory.allocated_peak },
    processPeak: memory.process_peak,
  };
}

function underStack(
  { id, name }: KnownStack,
  scenario: Scenario,
  { answer, processPeak, problem }: Answered,
): UnderStack {
  return {
    ...{ stack: id, name, scenario },
    ...(answer === undefined ? {} : { allocated_peak: answer.peak }),
    ...(processPeak === undefined ? {} : { process_peak: processPeak }),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** Losses that TRL's `loss_type` names, with a fused head and without. */
const NAMED_BY_LOSS_TYPE = { fused: ["fused"], logits: ["nll", "chunked_nll"] } as const;

/** A loss that the first stack's `loss_type` names is what the same `loss_type` means under the second; what Unsloth decides is left to it. */
function asConfigured(scenario: Scenario, before: StackProfile, after: StackProfile): Scenario {
  if (before.patchedByUnsloth === true && after.unsloth !== undefined) {
    const { training = {} } = scenario;
    return { ...scenario, training: { ...training, ...leftBehind({ ...training }) } };
  }
  const { loss } = scenario.training ?? {};
  const isTrl = before.releases.trl !== undefined && after.releases.trl !== undefined;
  const names: readonly unknown[] = NAMED_BY_LOSS_TYPE[before.fusesHead ? "fused" : "logits"];
  if (!isTrl || !names.includes(loss) || before.fusesHead === after.fusesHead) return scenario;
  return {
    ...scenario,
    training: { ...scenario.training, loss: after.fusesHead ? "fused" : "nll" },
  };
}

interface Side extends Answer {
  readonly stack: KnownStack;
  readonly run: Scenario;
}

/** One setting after the other is changed to what it is under the second stack; what is left is the doing of the releases and of the stack. */
function changesBetween([before, after]: readonly [Side, Side]): StackChange[] {
  const [own, other] = [inForce(before), inForce(after)];
  const isPatched = before.stack.unsloth !== after.stack.unsloth;
  const changes: StackChange[] = [];
  let current = own;
  let last = peakWith(before.run, current) ?? before.peak;
  const unknown: string[] = [];
  for (const name of Object.keys({ ...own, ...other })) {
    const [from, to] = [own[name], other[name]];
    if (from === to || (isPatched && !SHARED.includes(name))) continue;
    const next = { ...current, [name]: to };
    const peak = peakWith(before.run, next);
    if (peak === undefined) {
      unknown.push(name);
      continue;
    }
    current = next;
    changes.push(settingChange(name, [from, to], peak - last));
    last = peak;
  }
  changes.push(...changesBack(after, unknown, [own, other]));
  const explained = changes.reduce((sum, { bytes }) => sum + bytes, 0);
  const left = after.peak - before.peak - explained;
  const rest = changesLeft(before, after, { current, last, left });
  return [...changes, ...rest].sort((one, two) => Math.abs(two.bytes) - Math.abs(one.bytes));
}

/** Settings that the first stack does not know at their new values are changed back under the second, where both are known. */
function changesBack(
  after: Side,
  names: readonly string[],
  [own, other]: readonly [JsonObject, JsonObject],
): readonly StackChange[] {
  let [current, last] = [other, after.peak];
  return names.flatMap((name) => {
    const next = { ...current, [name]: own[name] };
    const peak = peakWith(after.run, next);
    if (peak === undefined) return [];
    const bytes = last - peak;
    [current, last] = [next, peak];
    return [settingChange(name, [own[name], other[name]], bytes)];
  });
}

function settingChange(
  name: string,
  [from, to]: readonly [unknown, unknown],
  bytes: number,
): StackChange {
  return { path: `training.${name}`, from, to, bytes, reason: reasonOf(name, to) };
}

/** Settings that mean the same with forwards of transformers and with a stack's own. */
const SHARED: readonly string[] = [
  ...["per_device_train_batch_size", "gradient_accumulation_steps", "max_length"],
  ...["gradient_checkpointing", "optim", "max_grad_norm"],
];

/** Every setting of the step, given or taken. */
function inForce({ run, result, stack }: Side): JsonObject {
  const training: JsonObject = { ...withAssumed(run, result).training };
  const { loss_type: lossType, ...rest } = training;
  if (isPreference(run) || typeof lossType !== "string") return training;
  return { ...rest, loss: stack.fusesHead === true ? "fused" : lossType };
}

function peakWith(run: Scenario, training: JsonObject): number | undefined {
  return answered({ ...run, training }).answer?.peak;
}

/** Settings whose change has a reason of its own; of the others the stack's default is another. */
function reasonOf(name: string, to: unknown): string {
  if (name === "loss" && to === "fused") {
    return "loss_type nll is a fused head there, which builds no logits";
  }
  if (name === "loss" && to === "nll") {
    return "loss_type nll builds the logits of the whole batch there";
  }
  if (name === "loss" && to === "hf") {
    return "transformers' own loss builds the logits of the whole batch";
  }
  if (name === "attn_implementation" && to === "eager") {
    return "the class has no scaled_dot_product_attention there, which knows no cap of the scores";
  }
  return `its default is ${String(to)}`;
}

/** The run once every setting is as under the second stack. Unit: bytes. */
interface Reached {
  readonly current: JsonObject;
  readonly last: number;
  /** Of the difference, what the settings do not explain. */
  readonly left: number;
}

/** What the releases below do, and what the stack does by itself. Forwards of a stack's own leave no release to look at alone. */
function changesLeft(
  before: Side,
  after: Side,
  { current, last, left }: Reached,
): readonly StackChange[] {
  const stacks = [before.stack, after.stack] as const;
  const { run } = before;
  const doings = differingDoings(...stacks, run.quantization?.["load_in_8bit"] === true);
  const isPatched = before.stack.unsloth !== after.stack.unsloth;
  if (doings.length === 0 && !isPatched) return releaseChange(run, stacks, left);
  const { transformers } = worldUnder(run, after.stack).releases;
  const released = isPatched
    ? undefined
    : peakWith({ ...run, versions: { transformers: transformers[0] } }, current);
  const bytes = released === undefined ? 0 : released - last;
  return [
    ...(released === undefined ? [] : releaseChange(run, stacks, bytes)),
    {
      ...{ path: "stack", from: before.stack.name, to: after.stack.name, bytes: left - bytes },
      reason: doings.join("; ") || "another release of its own forwards",
    },
  ];
}

function releaseChange(
  run: Scenario,
  stacks: readonly [StackProfile, StackProfile],
  bytes: number,
): readonly StackChange[] {
  const { from, to, texts } = differingReleases(run, stacks);
  if (texts.length === 0 && bytes === 0) return [];
  return [{ ...{ path: "versions", from, to, bytes }, reason: texts.join("; ") }];
}
