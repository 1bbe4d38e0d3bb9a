/** The human answer to a scenario: verdict, PEFT's line, memory in tiers and by part, next lever, what was assumed. */

import { findGpu, formatBytes, formatTrainableLine, verdictSentence, withArticle } from "lora-calc";
import type { Estimate, Fit, MemoryResult, Scenario } from "lora-calc";
import { alignColumns, bar, wrap } from "./columns.js";
import { oneLine, shortValue } from "./one-line.js";
import { describeScenario } from "./scenario.js";
import type { Style } from "./style.js";

const BAR_WIDTH = 24;

export function renderAnswer(scenario: Scenario, estimate: Estimate, style: Style): string {
  const { parameters } = estimate;
  const sections = [
    verdict(scenario, estimate, style),
    describeScenario(scenario, estimate),
    style.strong(formatTrainableLine(parameters.trainable, parameters.all)),
    estimate.memory === undefined
      ? weightsOnly(estimate)
      : memorySection(scenario, estimate, estimate.memory, style),
    levers(estimate, style),
    assumptions(estimate, style),
    warnings(estimate, style),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

/** "RTX 4090", or the size of a card given by its memory. */
function cardOf(scenario: Scenario, { capacity }: Fit): string {
  const gpu = scenario.hardware?.["gpu"];
  return typeof gpu === "string" ? findGpu(gpu).name : `card of ${formatBytes(capacity)}`;
}

function verdict(scenario: Scenario, estimate: Estimate, style: Style): string {
  const { fit } = estimate;
  if (fit === undefined) return "";
  const sentence = verdictSentence(fit, withArticle(cardOf(scenario, fit)));
  return style.strong(fit.verdict === "does_not_fit" ? style.bad(sentence) : style.good(sentence));
}

function weightsOnly({ weights }: Estimate): string {
  const lines = alignColumns(
    [["base weights", formatBytes(weights.bytes), weights.certainty]],
    [{}, { align: "right" }],
  );
  return [
    ...lines,
    "Add --gpu, --stack or any training flag for the memory of a training step.",
  ].join("\n");
}

function memorySection(
  scenario: Scenario,
  estimate: Estimate,
  memory: MemoryResult,
  style: Style,
): string {
  const tiers = [
    ["allocated", formatBytes(memory.allocated_peak), "tensors: torch.cuda.max_memory_allocated"],
    ["reserved", formatBytes(memory.reserved_peak), "with PyTorch's cache: max_memory_reserved"],
    ["process", formatBytes(memory.process_peak), "with the CUDA context: nvidia-smi"],
    ...(estimate.fit === undefined
      ? []
      : [
          [
            "card",
            formatBytes(estimate.fit.capacity),
            `${cardOf(scenario, estimate.fit)}, as its driver reports it`,
          ],
        ]),
  ];
  const parts = [...memory.parts]
    .sort((left, right) => right.bytes - left.bytes)
    .map(({ name, bytes, certainty }) => [
      name.replaceAll("_", " "),
      formatBytes(bytes),
      bar(bytes / memory.allocated_peak, BAR_WIDTH),
      certainty,
    ]);
  return [
    style.strong("GPU memory at the peak"),
    ...indented(alignColumns(tiers, [{}, { align: "right" }])),
    "",
    style.strong(`What is allocated then (${memory.peak_event.replaceAll("_", " ")})`),
    ...indented(alignColumns(parts, [{}, { align: "right" }])),
  ].join("\n");
}

function levers({ advice }: Estimate, style: Style): string {
  const [next] = advice ?? [];
  if (next === undefined) return "";
  const line = `${next.text}: frees ${formatBytes(next.saves)}. Cost: ${next.cost}.`;
  return [style.strong("Next lever"), wrapped(line)].join("\n");
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
  return [style.strong("Note"), ...estimate.warnings.map(wrapped)].join("\n");
}

function wrapped(text: string): string {
  return wrap(oneLine(text), "  ", "    ");
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}
