/** Training settings of a scenario: what is given, then what the stack sets, then the tracer's defaults. */

import type { Assumption } from "../model/config.js";
import type { ModelDescription } from "../model/description.js";
import type { Fields } from "../problem/fields.js";
import type { Quantization } from "./quantization.js";
import { findStack } from "./stacks.js";
import { DEFAULT_TRAINING, readTraining } from "./training.js";
import type { LoadDtype, TrainingSettings } from "./training.js";

export interface StepSettings {
  /** Whether the scenario asks for memory at all. */
  readonly isAsked: boolean;
  readonly training: TrainingSettings;
  /** Id of the stack, or `default`. */
  readonly profile: string;
  readonly assumed: readonly Assumption[];
  readonly warnings: readonly string[];
}

export function readStep(
  scenario: Fields,
  model: ModelDescription,
  quantization: Quantization | undefined,
): StepSettings {
  const stackId = scenario.string("stack");
  const stack = stackId === undefined ? undefined : findStack(stackId);
  const given = scenario.object("training");
  const isAsked = stack !== undefined || given !== undefined || scenario.has("hardware");
  const defaults = stack?.training ?? { ...DEFAULT_TRAINING, dtype: publishedDtype(model) };
  const cast = quantization === undefined ? undefined : stack?.quantizedAdapterDtype;
  const source = stack === undefined ? "default of this calculator" : `default of ${stack.name}`;
  const { settings, assumed } = readTraining(
    given?.values ?? {},
    cast === undefined ? defaults : { ...defaults, adapter_dtype: cast },
    source,
  );
  return {
    isAsked,
    training: settings,
    profile: stack?.id ?? "default",
    assumed,
    warnings: trapsOf(settings, assumed, stack?.name),
  };
}

/** dtype named in config.json, else bfloat16. */
function publishedDtype(model: ModelDescription): LoadDtype {
  if (model.kind !== "config") return DEFAULT_TRAINING.dtype;
  const { dtype, torch_dtype: older } = model.config;
  return dtype === "float32" || older === "float32" ? "float32" : DEFAULT_TRAINING.dtype;
}

/** Defaults that cost much memory and that their users often do not know. */
function trapsOf(
  training: TrainingSettings,
  assumed: readonly Assumption[],
  stack: string | undefined,
): readonly string[] {
  const dtypeIsAssumed = assumed.some(({ path }) => path === "training.dtype");
  if (stack === undefined || !dtypeIsAssumed || training.dtype !== "float32") return [];
  return [
    `${stack} loads a model given by name in float32, twice the bytes of bfloat16; set dtype=bfloat16 in model_init_kwargs`,
  ];
}
