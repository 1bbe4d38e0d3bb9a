/** A result as a document: Markdown for people, CSV for spreadsheets. */

import { floorOf, peaksOf, reservedOf } from "./peaks.js";
import type { Estimate } from "../result.js";
import type { Scenario } from "../scenario.js";
import { formatBytes, formatTrainableLine } from "../units/format.js";
import { csvText } from "./csv.js";
import { modelName } from "./model-name.js";

/** Every figure in one table: section, name, value, unit, certainty, formula. */
export function writeCsv(estimate: Estimate): string {
  const { parameters, fit } = estimate;
  const memory = peaksOf(estimate);
  const floor = floorOf(estimate);
  const rows: (readonly (string | number)[])[] = [
    ["section", "name", "value", "unit", "certainty", "formula"],
    ["parameters", "trainable", parameters.trainable, "parameters", "exact", ""],
    ["parameters", "all", parameters.all, "parameters", "exact", ""],
    ["parameters", "base", parameters.base, "parameters", "exact", ""],
  ];
  const { weights } = estimate;
  if (weights !== undefined) {
    rows.push(["weights", "base model", weights.bytes, "bytes", weights.certainty, ""]);
  }
  if (floor !== undefined) rows.push(["memory", "at least", floor.at_least, "bytes", "read", ""]);
  if (memory !== undefined) {
    for (const [tier, bytes] of tiersOf(estimate))
      rows.push(["memory", tier, bytes, "bytes", "", ""]);
    for (const part of memory.parts) {
      rows.push([
        "part of the allocated peak",
        part.name,
        part.bytes,
        "bytes",
        part.certainty,
        part.formula,
      ]);
    }
  }
  if (fit !== undefined) {
    rows.push(["fit", "capacity", fit.capacity, "bytes", "", ""]);
    rows.push(["fit", "usable by processes", fit.usable, "bytes", "", ""]);
    rows.push(["fit", "headroom", fit.headroom, "bytes", "", fit.verdict]);
  }
  return csvText(rows);
}

/** A report to keep beside a run: the PEFT line, memory by part, everything that was assumed. `verdict` opens it. */
export function writeMarkdown(scenario: Scenario, estimate: Estimate, verdict?: string): string {
  const name = modelName(scenario.model) ?? "a model from its config.json";
  const blocks = [
    `# LoRA estimate: ${plain(name)}`,
    ...(verdict === undefined ? [] : [plain(verdict)]),
    [
      "```",
      formatTrainableLine(estimate.parameters.trainable, estimate.parameters.all),
      "```",
    ].join("\n"),
    ...memoryBlocks(estimate),
    ...listBlock("Assumed", assumedLines(estimate)),
    ...listBlock(
      "Warnings",
      estimate.warnings.map(({ message }) => plain(message)),
    ),
    `Computed by ${Object.entries(estimate.versions)
      .map(([tool, version]) => plain(`${tool} ${version}`))
      .join(", ")}. GiB is 2^30 bytes.`,
  ];
  return `${blocks.join("\n\n")}\n`;
}

function tiersOf(estimate: Estimate): readonly (readonly [string, number])[] {
  const memory = peaksOf(estimate);
  if (memory === undefined) return [];
  return [
    ["allocated", memory.allocated_peak],
    ["reserved", reservedOf(memory)],
    ["process (nvidia-smi)", memory.process_peak],
  ];
}

function memoryBlocks(estimate: Estimate): readonly string[] {
  const floor = floorOf(estimate);
  if (floor !== undefined) {
    const size = formatBytes(floor.at_least);
    return [
      `GPU memory: at least ${size} for weights and what training keeps; the step has no program here.`,
    ];
  }
  const memory = peaksOf(estimate);
  if (memory === undefined) return [];
  const tiers = tiersOf(estimate).map(([tier, bytes]) => [tier, formatBytes(bytes), String(bytes)]);
  const parts = memory.parts.map((part) => [
    part.name,
    formatBytes(part.bytes),
    part.certainty,
    part.formula,
  ]);
  return [
    "## GPU memory at the peak",
    table(["tier", "size", "bytes"], tiers),
    `## The allocated peak by part (${plain(memory.peak_event)})`,
    table(["part", "size", "certainty", "formula"], parts),
  ];
}

function assumedLines(estimate: Estimate): readonly string[] {
  return estimate.assumed.map(({ path, value, reason }) =>
    plain(`${path} = ${JSON.stringify(value)}: ${reason}`),
  );
}

function listBlock(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`## ${title}`, lines.map((line) => `- ${line}`).join("\n")];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(plain).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** One line of text without meaning in Markdown or HTML; an underscore inside a word has none. */
function plain(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*[\]<>|&]|\b_|_\b/g, "\\$&");
}
