/** `scenario.training`: what is given, then what the stack and the model set, then the tracer's defaults. */

import { DEFAULT_STEP } from "../../fields/step.js";
import type { StepValues } from "../../fields/step.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import type { ModelDescription } from "../../model/description.js";
import type { JsonObject } from "../../problem/fields.js";
import type { StackProfile } from "../../stacks/profile.js";
import type { World } from "../../worlds/world.js";
import { ignoredByModel, modelDefaults, ofModel, rejectSdpa } from "./model-defaults.js";
import { rejectOtherLoss, rejectOtherMethod, stackDefaults } from "./of-stack.js";
import { ownCast } from "./own-cast.js";
import { publishedDtype } from "./published-dtype.js";
import type { ComputeDtype, Quantization } from "./quantization.js";
import { precisionOf } from "./read-unsloth.js";
import { readTraining } from "./training.js";
import type { ReadTraining, TrainingSettings } from "./training.js";

interface Asked {
  readonly stack: StackProfile | undefined;
  readonly model: ModelDescription;
  readonly graph: ModuleGraph;
  readonly quantization: Quantization | undefined;
  readonly world: World;
  /** Cards that take part. */
  readonly ranks?: number;
  /** 16 bits that the stack takes by the card; undefined for stacks that do not look at it. */
  readonly half?: ComputeDtype | undefined;
}

/** `scenario.training` with the defaults of the stack and of the model, and what the model passes over. */
export function readSettings(
  { stack, model, graph, quantization, world, half, ranks = 1 }: Asked,
  given: JsonObject,
): ReadTraining {
  const cast = ownCast(graph, quantization !== undefined, withoutOwnLoss(stack, given));
  const read = readTraining(cast.given, {
    own: {
      ...defaultsOf(stack, model, quantization),
      ...stackDefaults(stack, model, { given, ranks }),
      ...(half === undefined ? modelDefaults(graph.root, world.rules) : precisionOf(half)),
      ...cast.defaults,
    },
    published: publishedDtype(model),
    source: stack === undefined ? "default of this calculator" : `default of ${stack.name}`,
    ...habitsOf(stack, world, quantization),
  });
  const { settings, liger } = read;
  rejectSdpa(settings, graph, world.rules);
  rejectOtherMethod(stack, settings.method);
  rejectOtherLoss(stack, given, settings.loss);
  const assumed = read.assumed
    .map(cast.explain)
    .flatMap((each) => ofModel(each, graph.root, world.rules));
  const ignored = [...read.ignored, ...cast.ignored, ...ignoredByModel(given, graph.root)];
  return { settings, liger, assumed, ignored };
}

/** The loss of the model itself, which Unsloth puts its own in place of. */
function withoutOwnLoss(stack: StackProfile | undefined, given: JsonObject): JsonObject {
  const { loss, ...rest } = given;
  return stack?.unsloth !== undefined && loss === "hf" ? rest : given;
}

/** What a stack does of itself, here. */
function habitsOf(
  stack: StackProfile | undefined,
  world: World,
  quantization: Quantization | undefined,
) {
  return {
    fusesHead: fusesHead(stack, world),
    passesMask: stack?.passesMask === true && world.rules.takesForPacked,
    adaptersFollow: stack?.adaptersFollowBase === true && quantization === undefined,
    keepsMagnitudes: stack?.keepsMagnitudes === true && quantization !== undefined,
    habits: loadHabits(stack, quantization),
    handsStarts: stack?.handsStarts === true,
    castsWhole: stack?.castsWhole === true,
    ...(stack?.padsTo === undefined ? {} : { padsTo: stack.padsTo }),
  };
}

/** What is done around the load, and by which kernels; weights in 8 bits have none of Axolotl's. */
function loadHabits(
  stack: StackProfile | undefined,
  quantization: Quantization | undefined,
): Partial<TrainingSettings> {
  const { castsBack, emptiesCache, inputsRequireGrad, keepsLabelled, fusesLora } = stack ?? {};
  const isFused = fusesLora !== undefined && quantization?.kind !== "8bit";
  return {
    ...(castsBack === undefined ? {} : { castsBack }),
    ...(emptiesCache === undefined ? {} : { emptiesCache }),
    ...(inputsRequireGrad === undefined ? {} : { inputsRequireGrad }),
    ...(keepsLabelled === undefined ? {} : { keepsLabelled }),
    ...(isFused ? { fusesLora } : {}),
  };
}

/** By TRL's own release where the stack names one. */
function fusesHead(stack: StackProfile | undefined, { rules }: World): boolean {
  return stack?.releases.trl === undefined ? rules.fusesHead : stack.fusesHead === true;
}

function defaultsOf(
  stack: StackProfile | undefined,
  model: ModelDescription,
  quantization: Quantization | undefined,
): StepValues {
  if (stack === undefined) {
    // A checkpoint in float16 is trained in bfloat16, of the same size, unless that is said.
    const dtype = publishedDtype(model) === "float32" ? "float32" : DEFAULT_STEP.dtype;
    return { ...DEFAULT_STEP, dtype };
  }
  const own = { ...DEFAULT_STEP, ...stack.training };
  return quantization === undefined ? own : { ...own, ...stack.onQuantizedBase };
}
