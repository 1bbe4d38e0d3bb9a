/** The human answer to a scenario: verdict, PEFT's line, memory in tiers and by part, next lever, what was assumed. */

import {
  floorOf,
  formatBytes,
  formatMiB,
  formatTrainableLine,
  peaksOf,
  reservedOf,
  verdictSentence,
  withArticle,
} from "lora-calc";
import type { Advice, Estimate, Fit, GpuRow, MemoryResult, Scenario } from "lora-calc";
import { renderCards, renderNextStep } from "./advice.js";
import { alignColumns, bar, wrap } from "./columns.js";
import { oneLine, shortValue } from "../one-line.js";
import { describeScenario } from "./scenario.js";
import type { Style } from "./style.js";

const BAR_WIDTH = 24;

export function renderAnswer(
  scenario: Scenario,
  estimate: Estimate,
  advice: Advice,
  style: Style,
): string {
  const { parameters } = estimate;
  const memory = peaksOf(estimate);
  const sections = [
    verdict(scenario, estimate, style),
    describeScenario(scenario, estimate),
    style.strong(formatTrainableLine(parameters.trainable, parameters.all)),
    memory === undefined
      ? withoutPeaks(estimate, style)
      : memorySection(scenario, estimate, memory, style),
    renderNextStep(advice, style),
    assumptions(estimate, style),
    warnings(estimate, style),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

/** "RTX 4090", or the size of a card given by its memory. */
function cardOf(scenario: Scenario, { card, capacity }: Fit): string {
  return typeof scenario.hardware?.["gpu"] === "string" ? card : `card of ${formatBytes(capacity)}`;
}

/** The sentence about the card, if one was named. */
export function verdictOf(scenario: Scenario, estimate: Estimate): string | undefined {
  const { fit } = estimate;
  if (fit === undefined) return undefined;
  return verdictSentence(fit, withArticle(cardOf(scenario, fit)), floorOf(estimate) !== undefined);
}

function verdict(scenario: Scenario, estimate: Estimate, style: Style): string {
  const sentence = verdictOf(scenario, estimate);
  if (sentence === undefined) return "";
  return style.strong(
    estimate.fit?.verdict === "does_not_fit" ? style.bad(sentence) : style.good(sentence),
  );
}

/** What is known where the step has no program: the floor, or the weights and how to ask for more. */
function withoutPeaks(estimate: Estimate, style: Style): string {
  const floor = floorOf(estimate);
  if (floor === undefined) return weightsOnly(estimate);
  const rows = floor.parts.map(({ name, bytes, formula }) => [
    name === "adapter_other" ? "trained" : name,
    formatBytes(bytes),
    formula,
  ]);
  const total = [
    "at least",
    formatBytes(floor.at_least),
    "and activations, loss and workspaces on top",
  ];
  return [
    style.strong("GPU memory, without the step"),
    ...indented(alignColumns([...rows, total], [{}, { align: "right" }])),
  ].join("\n");
}

/** Weights, and how to ask for memory where a note does not say that there is none. */
function weightsOnly({ weights, warnings: given }: Estimate): string {
  const lines =
    weights === undefined
      ? []
      : alignColumns(
          [["base weights", formatBytes(weights.bytes), weights.certainty]],
          [{}, { align: "right" }],
        );
  const hint = "Add --gpu, --stack or any training flag for the memory of a training step.";
  const isRefused = given.some(({ code }) => code === "memory_not_computed");
  return [...lines, ...(isRefused ? [] : [hint])].join("\n");
}

function memorySection(
  scenario: Scenario,
  estimate: Estimate,
  memory: MemoryResult,
  style: Style,
): string {
  const tiers = tierRows(scenario, estimate, memory);
  const parts = memory.parts
    .filter(({ bytes }) => formatMiB(bytes) !== formatMiB(0))
    .map(({ name, bytes, certainty }) => [
      name.replaceAll("_", " "),
      formatMiB(bytes),
      bar(bytes / memory.allocated_peak, BAR_WIDTH),
      certainty,
    ]);
  return [
    style.strong("GPU memory at the peak"),
    ...indented(alignColumns(tiers, TIER_COLUMNS)),
    "",
    style.strong(`What is allocated then (${memory.peak_event.replaceAll("_", " ")})`),
    ...indented(alignColumns(parts, [{}, { align: "right" }])),
  ].join("\n");
}

function tierRows(
  scenario: Scenario,
  { fit, host_peak: host }: Estimate,
  memory: MemoryResult,
): readonly (readonly string[])[] {
  const hasNccl = memory.beyond_tensors.some(({ name }) => name === "nccl");
  const beyond = hasNccl ? "the CUDA context and NCCL" : "the CUDA context";
  const tiers = [
    ...loadedRow(memory),
    tier("allocated", memory.allocated_peak, "tensors: max_memory_allocated"),
    tier(
      "reserved",
      reservedOf(memory),
      `with its cache${ownAllocator(memory)}: max_memory_reserved`,
    ),
    tier("process", memory.process_peak, `with ${beyond}: nvidia-smi`),
    ...(host === undefined ? [] : [tier("host", host, "in the host's memory while it is read")]),
  ];
  if (fit === undefined) return tiers;
  const whole = fit.usable === fit.capacity ? "" : `, of ${formatMiB(fit.capacity)}`;
  return [...tiers, tier("card", fit.usable, `${cardOf(scenario, fit)}, for processes${whole}`)];
}

function loadedRow({
  allocator,
  reserved_loaded: loaded,
}: MemoryResult): readonly (readonly string[])[] {
  if (allocator === undefined) return [];
  const meaning = "before training: max_memory_reserved then";
  return [tier("loaded", loaded, meaning)];
}

/** A stack that sets PyTorch's allocator itself. */
function ownAllocator({ allocator }: MemoryResult): string {
  return allocator === undefined ? "" : ", expandable segments";
}

const TIER_COLUMNS = [{}, { align: "right" }, { align: "right" }] as const;

function tier(name: string, bytes: number, meaning: string): readonly string[] {
  return [name, formatBytes(bytes), formatMiB(bytes), meaning];
}

/** The verdict with its sizes, how sure they are, and the cards that would do. */
export function renderFit(
  scenario: Scenario,
  estimate: Estimate,
  cards: readonly GpuRow[],
  style: Style,
): string {
  const { interval } = estimate;
  const memory = peaksOf(estimate);
  const sizes =
    memory === undefined ? [] : alignColumns(tierRows(scenario, estimate, memory), TIER_COLUMNS);
  const likely =
    interval === undefined
      ? []
      : [`process likely ${interval.process.map(formatBytes).join(" to ")}`];
  const sections = [
    verdict(scenario, estimate, style),
    describeScenario(scenario, estimate),
    memory === undefined
      ? withoutPeaks(estimate, style)
      : indented([...sizes, ...likely]).join("\n"),
    memory === undefined ? "" : renderCards(cards, style),
    warnings(estimate, style),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function assumptions({ assumed }: Estimate, style: Style): string {
  if (assumed.length === 0) return "";
  const byReason = new Map<string, string[]>();
  for (const { path, value, reason } of assumed) {
    const settings = byReason.get(reason) ?? [];
    settings.push(`${path}=${shortValue(value)}`);
    byReason.set(reason, settings);
  }
  const lines = [...byReason].map(([reason, settings]) =>
    wrapped(`${reason}: ${settings.join(", ")}`),
  );
  return [style.strong("Assumed"), style.quiet(lines.join("\n"))].join("\n");
}

function warnings(estimate: Estimate, style: Style): string {
  if (estimate.warnings.length === 0) return "";
  return [style.strong("Note"), ...estimate.warnings.map(({ message }) => wrapped(message))].join(
    "\n",
  );
}

function wrapped(text: string): string {
  return wrap(oneLine(text), "  ", "    ");
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}
