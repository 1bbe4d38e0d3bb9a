/** LitGPT's tables of what its configurations take, which it measures itself, beside the predictions. */

import { readFileSync } from "node:fs";
import { estimate } from "../../src/estimate.js";
import { peaksOf } from "../../src/exchange/peaks.js";
import { isRefusal } from "../../src/result.js";
import type { Scenario } from "../../src/scenario.js";
import { formatShare, formatSignedShare } from "../../src/units/format.js";
import { meanOf } from "./unsloth.js";

export interface LitgptRun {
  readonly id: string;
  readonly source: string;
  /** `torch.cuda.max_memory_allocated`, printed in units of 10⁷ bytes. Unit: bytes. */
  readonly measured: { readonly allocated: number };
  readonly scenario: Scenario & { readonly model: string; readonly hardware: { readonly gpu: string } };
}

export const LITGPT_RUNS = JSON.parse(
  readFileSync(new URL("../../../../conformance/measured/litgpt.json", import.meta.url), "utf8"),
) as readonly LitgptRun[];

/** Of the allocated peak, as a share. */
export function allocatedError({ id, scenario, measured }: LitgptRun): number {
  return allocatedOf(id, scenario) / measured.allocated - 1;
}

function allocatedOf(id: string, scenario: Scenario): number {
  const result = estimate(scenario);
  if (isRefusal(result)) throw new Error(`${id}: ${result.error.message}`);
  const memory = peaksOf(result);
  if (memory === undefined) throw new Error(`${id}: memory is not computed`);
  return memory.allocated_peak;
}

function rowOf(run: LitgptRun): string {
  const { source, measured, scenario } = run;
  const { per_device_train_batch_size: rows, max_length: length } = scenario.training ?? {};
  const gb = (bytes: number): string => (bytes / 1e9).toFixed(2);
  const bits = (scenario.quantization ?? null) === null ? "bf16-true" : "nf4";
  return `| ${[
    `[${scenario.hardware.gpu}](${source})`,
    scenario.model,
    `${bits}, ${String(rows)} × ${String(length)}`,
    gb(measured.allocated),
    gb(measured.allocated * (1 + allocatedError(run))),
    formatSignedShare(allocatedError(run)),
  ].join(" | ")} |`;
}

export function litgptLines(): readonly string[] {
  const errors = LITGPT_RUNS.map(allocatedError);
  const worst = Math.max(...errors.map(Math.abs));
  return [
    "## LitGPT's tables",
    "",
    "`torch.cuda.max_memory_allocated` in GB (10⁹ bytes), as LitGPT's tutorials of 2023 and its hub of configurations state it, on an A100 and on A10Gs; predicted under LitGPT 0.5.13.",
    "Lengths are those of the longest sample, or what samples are cut to. The runs stand in `conformance/measured/litgpt.json`; nothing is fitted to them.",
    `All ${LITGPT_RUNS.length} are met within ${formatShare(worst)}, within ${formatShare(meanOf(errors))} on average.`,
    "Its QLoRA rows are not scored: bitsandbytes of then kept the input of every product for the backward pass, and what else differed is not stated (predicted 24 % below to 8 % above).",
    "",
    "| Card | Model | Run | Allocated | Predicted | Error |",
    "| --- | --- | --- | ---: | ---: | ---: |",
    ...LITGPT_RUNS.map(rowOf),
    "",
  ];
}
