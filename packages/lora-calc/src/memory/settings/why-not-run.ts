/** Why the step of a run is not computed, by whatever stands against it first. */

import type { AdapterPlan } from "../../adapter/plan/plan.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { whyPackedWeightsStop } from "./packed-weights.js";
import type { Quantization } from "./quantization.js";
import { whyDropoutStays, whyNotEncoded, whyNotRunnable, whyTooLong } from "./runnable.js";
import type { TrainingSettings } from "./training.js";
import { whyNotUnsloth } from "./unsloth.js";

interface Run {
  readonly graph: ModuleGraph;
  /** Undefined for full fine-tuning. */
  readonly plan: AdapterPlan | undefined;
  readonly quantization: Quantization | undefined;
  readonly training: TrainingSettings;
  /** Cards that take part. */
  readonly ranks: number;
}

/** A sentence that names what is missing, or undefined when the step can be run. */
export function whyNotRun(run: Run): string | undefined {
  const { graph, quantization, training } = run;
  return (
    whyNotUnsloth(run) ??
    whyNotRunnable(run, training.loss) ??
    whyPackedWeightsStop(graph, quantization) ??
    whyTooLong(graph.root, training) ??
    whyNotEncoded(graph.root, training) ??
    whyDropoutStays(graph.root, training)
  );
}
