/** Why the step of a run is not computed, by whatever stands against it first. */

import { whyNotAxolotl } from "./axolotl.js";
import { whyNotFlash } from "./flash.js";
import { whyNotLitgpt } from "./litgpt.js";
import { whyPackedWeightsStop } from "./packed-weights.js";
import { whyDropoutStays, whyNotEncoded, whyNotRunnable, whyTooLong } from "./runnable.js";
import { whyNotUnsloth, type WholeRun } from "./unsloth.js";

/** A sentence that names what is missing, or undefined when the step can be run. */
export function whyNotRun(run: WholeRun): string | undefined {
  const { graph, quantization, training } = run;
  return (
    whyNotUnsloth(run) ??
    whyNotAxolotl(run) ??
    whyNotLitgpt(run) ??
    whyNotRunnable(run, training.loss) ??
    whyNotFlash(run) ??
    whyPackedWeightsStop(graph, quantization) ??
    whyTooLong(graph.root, training) ??
    whyNotEncoded(graph.root, training) ??
    whyDropoutStays(graph.root, training)
  );
}
