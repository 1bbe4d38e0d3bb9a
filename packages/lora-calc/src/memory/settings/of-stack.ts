/** What a stack decides for a run where nobody says it: how it packs, loads and attends. */

import type { StepValues } from "../../fields/step.js";
import type { Assumption } from "../../model/config.js";
import type { ModelDescription } from "../../model/description.js";
import type { Fields, JsonObject } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { StackProfile } from "../../stacks/profile.js";
import { publishedDtype } from "./published-dtype.js";
import type { ComputeDtype } from "./quantization.js";

interface Packed {
  /** Fields of BitsAndBytesConfig, as the loader gives them on. */
  readonly fields: JsonObject | null | undefined;
  readonly assumed: readonly Assumption[];
}

/** What is asked for with what the loader of the stack adds to it; `compute` is the dtype that it computes in. */
export function packedByStack(
  asked: JsonObject | null | undefined,
  stack: StackProfile | undefined,
  compute: ComputeDtype,
): Packed {
  if (stack?.packs4bit === undefined || asked?.["load_in_4bit"] !== true) {
    return { fields: asked, assumed: [] };
  }
  const own = { ...stack.packs4bit, bnb_4bit_compute_dtype: compute };
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== null));
  const assumed = Object.entries(own).flatMap(([name, value]): readonly Assumption[] =>
    given[name] === undefined
      ? [{ path: `quantization.${name}`, value, reason: `default of ${stack.name}` }]
      : [],
  );
  return { fields: { ...own, ...given }, assumed };
}

/** The dtype that a loader computes 4 bits in. Source: llamafactory extras/misc.py `infer_optim_dtype`, hparams/parser.py. */
export function computeDtypeOf(
  given: JsonObject,
  stack: StackProfile | undefined,
  model: ModelDescription,
): ComputeDtype {
  const published = publishedDtype(model);
  if (stack?.followsPublished === true) return published === "bfloat16" ? published : "float32";
  if (given["fp16"] === true) return "float16";
  const follows = stack?.loadsPublished === true && given["bf16"] !== true;
  return follows && published !== "bfloat16" ? "float16" : "bfloat16";
}

/** Settings of a step that the stack takes by the model, the cards and what else is given. */
export function stackDefaults(
  stack: StackProfile | undefined,
  model: ModelDescription,
  { given, ranks }: { readonly given: JsonObject; readonly ranks: number },
): Partial<StepValues> {
  const type = model.kind === "config" ? model.modelType : "";
  return {
    ...precisionOf(stack, model, given),
    ...(stack?.reentrantAlone === true ? { use_reentrant: ranks === 1 } : {}),
    ...accumulationOf(stack, given, ranks),
    ...(stack?.autocastsFloat32 === true && isHalf(given["dtype"]) ? { bf16: false } : {}),
    ...(stack?.loadsPublished === true ? { dtype: publishedDtype(model) } : {}),
    ...(stack?.eagerFor?.includes(type) === true ? { attn_implementation: "eager" as const } : {}),
  };
}

function isHalf(dtype: unknown): boolean {
  return dtype === "bfloat16" || dtype === "float16";
}

/** Source: ms-swift 4.6 arguments/base_args/model_args.py `_init_mixed_precision`, pipelines/train/tuner.py. */
function precisionOf(
  stack: StackProfile | undefined,
  model: ModelDescription,
  { dtype }: JsonObject,
): Partial<StepValues> {
  if (stack?.followsPublished !== true) return {};
  const loaded = typeof dtype === "string" && dtype !== "auto" ? dtype : publishedDtype(model);
  const isHalf = loaded !== "bfloat16";
  const cast = loaded === "float16" ? { adapter_dtype: "float32" as const } : {};
  return { fp16: isHalf, bf16: !isHalf, ...cast };
}

/** Micro-batches that make up the sequences of a step. */
function accumulationOf(
  stack: StackProfile | undefined,
  { per_device_train_batch_size: given }: JsonObject,
  ranks: number,
): Partial<StepValues> {
  if (stack?.globalBatch === undefined) return {};
  const rows = typeof given === "number" ? given : stack.training.per_device_train_batch_size;
  const share = Math.ceil(stack.globalBatch / ((rows ?? 1) * ranks));
  return { gradient_accumulation_steps: Math.max(1, share) };
}

/** Stops at a method that the stack trains by a trainer of its own. */
export function rejectOtherMethod(
  stack: StackProfile | undefined,
  method: StepValues["method"],
): void {
  const methods: readonly string[] | undefined = stack?.trainsBy;
  if (stack === undefined || methods === undefined || methods.includes(method)) return;
  reject({
    code: "unsupported",
    path: "training.method",
    message: `${stack.name} has a trainer of its own for ${method}, which has no program here; computed under it are ${methods.join(", ")}`,
    received: method,
    expected: methods,
  });
}

/** Stops at a loss of another trainer. */
export function rejectOtherLoss(
  stack: StackProfile | undefined,
  given: JsonObject,
  loss: string,
): void {
  const losses: readonly string[] | undefined = stack?.losses;
  if (stack === undefined || losses === undefined || losses.includes(loss)) return;
  const isGiven = (field: string): boolean => (given[field] ?? null) !== null;
  const name = ["loss_type", "loss", "use_liger_kernel"].find((field) => isGiven(field)) ?? "loss";
  reject({
    code: "unsupported",
    path: `training.${name}`,
    message: `${loss} is a loss of another trainer than ${stack.name}'s; leave training.${name} out, or set training.loss to one of ${losses.join(", ")}`,
    received: given[name] ?? loss,
    expected: losses,
  });
}

/** A sentence on what the stack alone does with a run, and has no program here; undefined where nothing is. */
export function whyOnlyUnder(
  stack: StackProfile | undefined,
  modelType: string,
  scenario: Fields,
): string | undefined {
  const kernel = stack?.ownKernelFor?.[modelType];
  if (stack === undefined) return undefined;
  if (kernel !== undefined) {
    return `${stack.name} runs ${modelType} by ${kernel}, which has no program here`;
  }
  const layers = scenario.object("adapter")?.get("layers_to_transform") ?? null;
  return stack.checkpointsTrained === true && layers !== null
    ? `${stack.name} checkpoints only layers that train; with adapter.layers_to_transform the others run without, which has no program here`
    : undefined;
}
