/** Unsloth's notebooks, which print reserved memory before training and at its peak, beside the predictions. */

import { readFileSync } from "node:fs";
import { estimate } from "../../src/estimate.js";
import { peaksOf, reservedOf } from "../../src/exchange/peaks.js";
import { isRefusal } from "../../src/result.js";
import type { Scenario } from "../../src/scenario.js";
import { formatShare, formatSignedShare } from "../../src/units/format.js";

const GIB = 2 ** 30;

export interface UnslothRun {
  readonly id: string;
  readonly source: string;
  /** As printed: `torch.cuda.max_memory_reserved` in GiB, to three digits. */
  readonly measured: { readonly start_gib: number; readonly peak_gib: number };
  /** How the length is known; absent where it is not, and the peak not compared. */
  readonly length?: string;
  /** Why a number is off, or not compared. */
  readonly cause?: string;
  readonly scenario: Scenario & { readonly model: string; readonly stack: string };
}

export const UNSLOTH_RUNS = JSON.parse(
  readFileSync(new URL("../../../../conformance/measured/unsloth.json", import.meta.url), "utf8"),
) as readonly UnslothRun[];

/** The printed start is right to this much. */
const PRINTED_GIB = 0.0005;

export interface Predicted {
  readonly startGib: number;
  readonly peakGib: number;
}

/** Undefined where the step has no program. */
export function predictedOf({ id, scenario }: UnslothRun): Predicted | undefined {
  const result = estimate(scenario);
  if (isRefusal(result)) throw new Error(`${id}: ${result.error.message}`);
  const memory = peaksOf(result);
  if (memory === undefined) return undefined;
  return { startGib: memory.reserved_loaded / GIB, peakGib: reservedOf(memory) / GIB };
}

export function isStartExact({ measured }: UnslothRun, { startGib }: Predicted): boolean {
  return Math.abs(startGib - measured.start_gib) <= PRINTED_GIB;
}

/** Lengths that are known, or taken as what chats that are longer are cut to. */
export function hasKnownLength({ length }: UnslothRun): boolean {
  return length !== undefined && !length.startsWith("inferred");
}

/** The latter alone. */
function isTakenAsCut({ length }: UnslothRun): boolean {
  return length?.startsWith("taken as cut") === true;
}

/** Of the peak, as a share; where the start is not predicted, from the measured one. Undefined where no length is known. */
export function peakError(run: UnslothRun, { startGib, peakGib }: Predicted): number | undefined {
  if (run.length === undefined) return undefined;
  const { start_gib: start, peak_gib: peak } = run.measured;
  return (startsOver(run) ? start + peakGib - startGib : peakGib) / peak - 1;
}

function startsOver({ cause }: UnslothRun): boolean {
  return cause?.includes("from the measured start") === true;
}

function rowOf(run: UnslothRun): string {
  const { id, source, measured, length, cause = "", scenario } = run;
  const name = id.replace("unsloth-", "");
  const { model, stack, training } = scenario;
  const predicted = predictedOf(run);
  const error = predicted === undefined ? undefined : peakError(run, predicted);
  const shown = (gib: number | undefined): string => (gib === undefined ? "–" : gib.toFixed(3));
  const lengthText = length === undefined ? "–" : `${String(training?.max_length)} (${length})`;
  return `| ${[
    `[${name}](${source})`,
    model,
    stack.replace("unsloth-", ""),
    shown(measured.start_gib),
    shown(predicted?.startGib),
    lengthText,
    shown(measured.peak_gib),
    shown(error === undefined ? undefined : measured.peak_gib * (1 + error)),
    error === undefined ? "–" : formatSignedShare(error),
    cause,
  ].join(" | ")} |`;
}

export function meanOf(errors: readonly number[]): number {
  return errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length;
}

export function unslothLines(): readonly string[] {
  const compared = UNSLOTH_RUNS.flatMap((run) => {
    const predicted = predictedOf(run);
    return predicted === undefined ? [] : [{ run, predicted }];
  });
  const exact = compared.filter(({ run, predicted }) => isStartExact(run, predicted)).length;
  const known = compared.filter(({ run }) => hasKnownLength(run));
  const errorsOf = (runs: typeof known): readonly number[] =>
    runs.flatMap(({ run, predicted }) => peakError(run, predicted) ?? []);
  const ordered = known.filter(({ run }) => !hasOtherOrder(run));
  const cut = ordered.filter(({ run }) => !isTakenAsCut(run));
  const mean = (runs: typeof known): string => formatShare(meanOf(errorsOf(runs)));
  return [
    "## Unsloth's notebooks",
    "",
    "What `torch.cuda.max_memory_reserved` printed before training and at its end, in GiB; cards are T4s but for the last three, which are A100s. Unsloth sets the",
    "allocator itself, and the predictions stand under it. The runs stand in `conformance/measured/unsloth.json`; nothing is fitted to them. A length that is inferred was",
    `chosen so that the peak is met, and is no evidence for it. Before training ${exact} of ${compared.length} agree to the printed digit. The ${cut.length} peaks whose samples are cut to one length are`,
    `met within ${mean(cut)} on average; with ${ordered.length - cut.length} more, whose long chats are taken as cut, within ${mean(ordered)}; with TinyLlama's as well, packed under the default allocator, within ${mean(known)}.`,
    "",
    "| Notebook | Model | Release | Before | Predicted | Length | Peak | Predicted | Error | Cause |",
    "| --- | --- | --- | ---: | ---: | --- | ---: | ---: | ---: | --- |",
    ...UNSLOTH_RUNS.map(rowOf),
    "",
  ];
}

/** The allocator's default, whose fragments hang on the order of what is not known. */
export function hasOtherOrder({ cause }: UnslothRun): boolean {
  return cause?.startsWith("the default allocator") === true;
}
