/** Settings of a step as a scenario gives them: what is given, then what the stack sets, then the tracer's defaults. */

import { quantizedName } from "../../catalogue/quantized-names.js";
import { fusedLossPatch } from "../../catalogue/fused-losses.js";
import { findStack } from "../../stacks/stacks.js";
import type { StackProfile } from "../../stacks/profile.js";
import type { StackId } from "../../stacks/stacks.js";
import {
  CHECKPOINT_QUANTIZATION_PATH,
  checkpointQuantization,
} from "../../model/checkpoint-quantization.js";
import type { Assumption } from "../../model/config.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import type { ModelDescription } from "../../model/description.js";
import type { Warning } from "../../problem/codes.js";
import type { Fields, JsonObject } from "../../problem/fields.js";
import { reject } from "../../problem/problem.js";
import type { World } from "../../worlds/world.js";
import { lengthWarnings } from "./lengths.js";
import { ligerUse, ligerWarnings } from "./liger.js";
import type { LigerUse } from "./liger.js";
import { balanceOf } from "./balance.js";
import { readQuantization } from "./quantization.js";
import type { ComputeDtype, Quantization } from "./quantization.js";
import { otherTrainerWarnings } from "./other-trainer.js";
import { readSettings } from "./read-settings.js";
import { computeDtypeOf, packedByStack, whyOnlyUnder } from "./of-stack.js";
import { underLitgpt } from "./litgpt-only.js";
import { capabilityOf, halfOf, ranksOf, underUnsloth } from "./read-unsloth.js";
import type { TrainingSettings } from "./training.js";

export interface StepSettings {
  /** Whether the scenario asks for memory at all. */
  readonly isAsked: boolean;
  readonly training: TrainingSettings;
  readonly quantization: Quantization | undefined;
  /** What Liger's kernels take over; undefined without them. */
  readonly liger: LigerUse | undefined;
  /** Method by which the checkpoint is packed where that is not bitsandbytes. */
  readonly packed: string | undefined;
  readonly profile: StackId | "default";
  readonly assumed: readonly Assumption[];
  /** Paths of given fields that change neither counts nor memory. */
  readonly ignored: readonly string[];
  readonly warnings: readonly Warning[];
  /** Why the memory of these settings is not computed; undefined when nothing stands against it. */
  readonly obstacle: string | undefined;
}

export function readStep(
  scenario: Fields,
  model: ModelDescription,
  graph: ModuleGraph,
  world: World,
): StepSettings {
  const stackId = scenario.string("stack");
  const stack = stackId === undefined ? undefined : findStack(stackId);
  const given = scenario.object("training");
  const isAsked = stack !== undefined || given !== undefined || scenario.has("hardware");
  const sm = capabilityOf(scenario);
  const half = stack?.unsloth === undefined ? undefined : halfOf(given?.values ?? {}, sm);
  const usual = half ?? computeDtypeOf(given?.values ?? {}, stack, model);
  const stored = storedAs(scenario, model);
  const packed = packedByStack(scenario.object("quantization")?.values, stack, usual);
  const quantization = readQuantization(
    stored.fields ?? packed.fields,
    stored.fields === undefined
      ? { usual, world }
      : { path: CHECKPOINT_QUANTIZATION_PATH, usual, world },
  );
  const read = readSettings(
    { stack, model, graph, quantization, world, half, ranks: ranksOf(scenario) },
    given?.values ?? {},
  );
  const patched = underUnsloth({
    ...{ stack, model, graph, quantization, sm },
    ...{ settings: read.settings, given: given?.values ?? {} },
  });
  const settings = underLitgpt(stack, patched.settings, { model, graph, quantization });
  const assumed = [...read.assumed.filter(patched.isUsed), ...patched.assumed];
  const liger = ligerUse(read.liger, model);
  rejectUnpatched(settings, model, stack);
  const compute = assumedCompute(quantization);
  const balance = balanceOf(graph, settings, { stack, given: given?.values ?? {} });
  return {
    isAsked,
    training: settings,
    quantization,
    liger,
    profile: stack?.id ?? "default",
    packed: stored.packed,
    assumed: [
      ...movedTo(stackId, stack),
      ...(stored.fields === undefined ? [...stored.assumed, ...packed.assumed] : stored.assumed),
      ...(isAsked ? assumed : []),
      ...compute.assumed,
      ...(isAsked ? balance.assumed : []),
    ],
    ignored: [...read.ignored, ...patched.ignored],
    obstacle: whyNotUnder(stack, { graph, scenario, settings, model }) ?? balance.obstacle,
    warnings: [
      ...stored.warnings,
      ...(isAsked ? warningsOf({ stack, graph, quantization, assumed, settings }) : []),
      ...compute.warnings,
      ...(isAsked ? balance.warnings : []),
      ...ligerWarnings(settings.loss, read.liger),
    ],
  };
}

/** A release that is not computed, and the one in its place. */
function movedTo(
  asked: string | undefined,
  stack: StackProfile | undefined,
): readonly Assumption[] {
  if (asked === undefined || stack === undefined || asked === stack.id) return [];
  const reason = `${asked} is not computed; ${stack.id} is the nearest release that is`;
  return [{ path: "stack", value: stack.id, reason }];
}

interface StoredAs {
  /** BitsAndBytesConfig of the checkpoint; empty where it is unpacked on load. */
  readonly fields?: JsonObject;
  /** Another method of packing. */
  readonly packed: string | undefined;
  readonly assumed: readonly Assumption[];
  readonly warnings: readonly Warning[];
}

/** How the checkpoint is stored, by its config.json. What is packed already cannot be packed anew. */
function storedAs(scenario: Fields, model: ModelDescription): StoredAs {
  const found = checkpointQuantization(model);
  if (found === undefined) return { packed: undefined, assumed: [], warnings: [] };
  const asked = scenario.object("quantization")?.values;
  const { method, fields } = found;
  if (fields !== undefined) {
    return {
      fields,
      packed: undefined,
      assumed: [{ path: "quantization", value: fields, reason: storageReason(model) }],
      warnings: asked === undefined ? [] : [STORED_WINS],
    };
  }
  if (asked === undefined) {
    return method === "mxfp4" && model.kind === "config"
      ? { fields: {}, packed: undefined, assumed: [MXFP4_UNPACKED], warnings: [MXFP4_WARNING] }
      : { packed: method, assumed: [], warnings: [] };
  }
  if (isUnpacking(asked, method)) {
    return { fields: {}, packed: undefined, assumed: [], warnings: [] };
  }
  if (method === "mxfp4") return { packed: undefined, assumed: [], warnings: [MXFP4_COPY] };
  reject({
    code: "invalid_value",
    path: "quantization",
    message: `the checkpoint is packed by ${method} already, and transformers refuses to quantize it again; take the unquantized model, or leave quantization out`,
    received: asked,
  });
}

/** Methods that transformers can unpack on load. */
const UNPACKED_BY_TRANSFORMERS: readonly string[] = ["mxfp4", "fp8"];

/** `Mxfp4Config(dequantize=True)`: the checkpoint's own method, unpacked on load. */
function isUnpacking({ quant_method: asked, dequantize }: JsonObject, method: string): boolean {
  return dequantize === true && asked === method && UNPACKED_BY_TRANSFORMERS.includes(method);
}

/** Source: transformers quantizers/quantizer_mxfp4.py `is_trainable`. */
const MXFP4_UNPACKED: Assumption = {
  path: "quantization",
  value: { quant_method: "mxfp4", dequantize: true },
  reason: "the checkpoint is packed by mxfp4, which cannot be trained on",
};
const MXFP4_WARNING: Warning = {
  code: "quantized_checkpoint",
  message:
    "the checkpoint is packed by mxfp4, on which transformers does not train: it is taken as unpacked on load (Mxfp4Config(dequantize=True)), four times the bytes of the file",
};

/** Source: transformers quantizers/auto.py `merge_quantization_configs`. */
const MXFP4_COPY: Warning = {
  code: "quantized_checkpoint",
  message:
    "the checkpoint is packed by mxfp4, and transformers refuses to quantize it again: this is for an unpacked copy of it in bfloat16",
};

const STORED_WINS: Warning = {
  code: "quantized_checkpoint",
  message:
    "config.json says how bitsandbytes packed the checkpoint; transformers loads it so, and quantization is not looked at",
};

interface Asked {
  readonly graph: ModuleGraph;
  readonly scenario: Fields;
  readonly settings: TrainingSettings;
  readonly model: ModelDescription;
}

function whyNotUnder(
  stack: StackProfile | undefined,
  { graph, scenario, settings, model }: Asked,
): string | undefined {
  return whyOnlyUnder(stack, graph.modelType, scenario) ?? whyNotCut(settings, model, stack);
}

/** What a fork of cut cross entropy does to types that are not compared, some of which it knows. */
function whyNotCut(
  { loss }: TrainingSettings,
  model: ModelDescription,
  stack: StackProfile | undefined,
): string | undefined {
  const types = loss === "cce" ? stack?.cutsLossFor : undefined;
  if (types === undefined || model.kind !== "config" || types.includes(model.modelType))
    return undefined;
  return `${stack?.name ?? ""}'s fork of cut cross entropy on ${model.modelType} has no program here; it has on ${types.join(", ")}`;
}

/** Stops where the library leaves the model alone. Sizes typed by hand are taken as a model that it knows. */
function rejectUnpatched(
  { loss }: TrainingSettings,
  model: ModelDescription,
  stack: StackProfile | undefined,
): void {
  const patch = fusedLossPatch(loss);
  if (patch === undefined || model.kind !== "config") return;
  if (loss === "cce" && stack?.cutsLossFor !== undefined) return;
  if (patch.modelTypes.includes(model.modelType)) return;
  reject({
    code: "unsupported",
    path: "training.loss",
    message: `${patch.name} is not made for ${model.modelType} (${patch.otherwise}); use hf, nll or chunked_nll`,
    received: loss,
    expected: ["hf", "nll", "chunked_nll"],
  });
}

/** A compute dtype that nobody gave. Source: transformers utils/quantization_config.py `BitsAndBytesConfig`. */
function assumedCompute(
  quantization: Quantization | undefined,
): Pick<StepSettings, "assumed" | "warnings"> {
  if (quantization?.kind !== "4bit" || !quantization.isComputeDtypeAssumed) {
    return { assumed: [], warnings: [] };
  }
  const path = "quantization.bnb_4bit_compute_dtype";
  const value: ComputeDtype = quantization.computeDtype;
  return {
    assumed: [{ path, value, reason: "dtype in which QLoRA is usually computed" }],
    warnings: [
      {
        code: "compute_dtype_assumed",
        message: `bnb_4bit_compute_dtype is taken as ${value}; transformers' own default is float32, which is slower and larger: set it in BitsAndBytesConfig`,
      },
    ],
  };
}

interface StackChoice {
  readonly stack: StackProfile | undefined;
  readonly graph: ModuleGraph;
  readonly quantization: Quantization | undefined;
  readonly assumed: readonly Assumption[];
  readonly settings: TrainingSettings;
}

/** Defaults of a stack that cost much memory and that its users often do not know, and what it does not train. */
function warningsOf({
  stack,
  graph,
  quantization,
  assumed,
  settings,
}: StackChoice): readonly Warning[] {
  const others = [...otherTrainerWarnings(graph, stack), ...lengthWarnings(settings.lengths)];
  const trap = stack?.dtypeTrap;
  const isTaken = graph.castsItself === undefined || quantization !== undefined;
  if (trap === undefined || !isTaken || !assumed.some(({ path }) => path === "training.dtype")) {
    return others;
  }
  const message = quantization === undefined ? trap.plain : trap.quantized;
  return [{ code: "loads_in_float32", message }, ...others];
}

/** How it is known that a checkpoint is stored packed: by its configuration, or by its name alone. */
function storageReason(model: ModelDescription): string {
  const name = model.kind === "config" ? model.id : undefined;
  const stored = name === undefined ? undefined : quantizedName(name);
  if (stored?.quantization === undefined) return "found in config.json";
  return stored.hasOwnSkipList === true
    ? "as its name says; which modules stay in 16 bits there only its config.json says, and more stay than here"
    : "as its name says";
}
