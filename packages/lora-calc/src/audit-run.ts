/** What an estimate sees of a run that a file describes: what it refuses, what it warns of, and what a switch that is off costs. */

import { advise } from "./advise.js";
import { estimate } from "./estimate.js";
import type { Finding } from "./formats/format.js";
import { isRefusal } from "./result.js";
import type { Estimate, Lever } from "./result.js";
import type { LeverId } from "./fields/result-names.js";
import type { Scenario } from "./scenario.js";
import { formatBytes } from "./units/format.js";

/** What is to be said of a run, and what it trains. */
export interface RunAudit {
  readonly findings: readonly Finding[];
  /** Absent where the run is refused. */
  readonly parameters?: Pick<Estimate["parameters"], "trainable" | "all">;
}

/** Warnings of an estimate that are faults of a file: what costs much, and what does not do what it looks like. */
const SEEN: readonly string[] = [
  ...["loads_in_float32", "compute_dtype_assumed", "attention_math", "experts_not_adapted"],
  ...["experts_not_quantized", "adapters_without_gradient", "unmatched_target_module"],
];

/** Switches that change no number of the training; what one of them costs is said from a tenth of the peak on. */
const SWITCHES: readonly LeverId[] = [
  "bf16_base",
  "chunked_loss",
  "sdpa",
  "checkpointing",
  "reentrant_int8",
];
const SHARE = 0.1;

/**
 * The findings of an estimate of the run, with a path of the scenario in `key`. A refusal is an error.
 *
 * Example: auditRun({ model: "gpt2", adapter: { r: 0 } }).findings[0]?.code // "refused"
 */
export function auditRun(scenario: Scenario): RunAudit {
  const result = estimate(scenario);
  if (isRefusal(result)) {
    const { path, message } = result.error;
    return { findings: [{ level: "error", code: "refused", key: path, message }] };
  }
  const warned = result.warnings
    .filter(({ code }) => SEEN.includes(code))
    .map(({ message }): Finding => ({ ...OF_ESTIMATE, key: "", message }));
  const { trainable, all } = result.parameters;
  return {
    findings: [...warned, ...switchesOff(scenario, result)],
    parameters: { trainable, all },
  };
}

const OF_ESTIMATE = { level: "warning", code: "estimate" } as const;

function switchesOff(scenario: Scenario, result: Estimate): readonly Finding[] {
  const peak = result.memory?.process_peak ?? 0;
  const costly = advise(scenario, result).levers.filter(
    ({ id, saves }) => SWITCHES.includes(id) && saves >= SHARE * peak && saves > 0,
  );
  return costly.map(({ text, saves, cost, change }) => ({
    ...({ level: "note", code: "estimate", key: pathOf(change) } as const),
    message: `${text}: frees ${formatBytes(saves)}; cost: ${cost}`,
  }));
}

/** The first field that a switch changes. */
function pathOf(change: Lever["change"]): string {
  const sections = ["training", "adapter", "quantization"] as const;
  const [first] = sections.flatMap((section) =>
    Object.keys(change[section] ?? {}).map((name) => `${section}.${name}`),
  );
  return first ?? "";
}
