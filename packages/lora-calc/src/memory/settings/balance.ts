/**
 * The loss that balances experts, which trainers of TRL add to their own: its program is missing, and what it takes is told.
 *
 * Source: trl 1.13 and 1.16 trainer/sft_trainer.py `aux_loss_enabled`, transformers models/mixtral/modeling_mixtral.py
 * `load_balancing_loss_func`; conformance/training.py with `router_aux_loss_coef`.
 */

import type { Forward } from "../../graph/tree/forward.js";
import type { ModuleGraph } from "../../graph/tree/module-graph.js";
import { sitesOf } from "../../graph/tree/sites.js";
import type { Assumption } from "../../model/config.js";
import type { Warning } from "../../problem/codes.js";
import type { JsonObject } from "../../problem/fields.js";
import type { StackProfile } from "../../stacks/profile.js";
import { bytesOf } from "../../units/dtype.js";
import { hasExperts } from "./runnable.js";
import { autocastDtype } from "./training.js";
import type { TrainingSettings } from "./training.js";

const PATH = "training.router_aux_loss_coef";
const OBSTACLE =
  "the loss that balances experts (router_aux_loss_coef) is not modelled; set training.router_aux_loss_coef to 0";
const ASSUMED: Assumption = {
  path: PATH,
  value: 0,
  reason: "the loss that balances experts is not modelled",
};

interface Balance {
  readonly assumed: readonly Assumption[];
  readonly warnings: readonly Warning[];
  /** Why memory is not computed, where the loss is asked for. */
  readonly obstacle: string | undefined;
}

export function balanceOf(
  graph: ModuleGraph,
  settings: TrainingSettings,
  { stack, given }: { readonly stack: StackProfile | undefined; readonly given: JsonObject },
): Balance {
  const obstacle =
    settings.router_aux_loss_coef === 0 || !hasExperts(graph.root) ? undefined : OBSTACLE;
  const weight = stack?.balancesExperts;
  const isTyped = given["router_aux_loss_coef"] !== undefined;
  const bytes = weight === undefined || isTyped ? 0 : scoreBytes(graph, settings);
  if (weight === undefined || bytes === 0) return { assumed: [], warnings: [], obstacle };
  return { assumed: [ASSUMED], warnings: [warningOf(weight, bytes)], obstacle };
}

function warningOf(weight: string, bytes: number): Warning {
  const mebibytes = Math.ceil(bytes / 2 ** 20);
  return {
    code: "partial_program",
    message: `TRL adds a loss that balances experts (router_aux_loss_coef ${weight}), for which the scores of every token, layer and expert are kept to the end of the forward pass: about ${mebibytes} MiB more at the peak, which are not in it`,
  };
}

/**
 * Scores that live until their layer's backward, over all layers. Seven types traced with and without the loss differ at their
 * peak by these (conformance/README.md), and by up to twice as much where the peak is the loss itself.
 */
function scoreBytes(graph: ModuleGraph, settings: TrainingSettings): number {
  // A preference is two sequences.
  const rows = settings.per_device_train_batch_size * (settings.preference === undefined ? 1 : 2);
  const tokens = rows * settings.max_length;
  return sitesOf(graph).reduce((sum, { node, count }) => {
    if (!returnsScores(node.forward)) return sum;
    const experts = node.parameters.find(({ name }) => name === "weight")?.shape[0] ?? 0;
    const dtype = keepsFp32(node.forward) ? "float32" : (autocastDtype(settings) ?? settings.dtype);
    return sum + bytesOf(count * experts * tokens, dtype);
  }, 0);
}

function returnsScores(forward: Forward | undefined): boolean {
  if (forward?.kind === "corrected_router") return forward.returnsScores === true;
  return forward?.kind === "router";
}

/** Classes that score in fp32 (granitemoe, ernie4_5_moe). */
function keepsFp32(forward: Forward | undefined): boolean {
  return (
    (forward?.kind === "router" && forward.softmaxLast === "in_fp32") ||
    (forward?.kind === "corrected_router" && forward.scores === "softmax_fp32")
  );
}
