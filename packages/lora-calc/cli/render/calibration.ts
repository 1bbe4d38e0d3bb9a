/** A measured run beside its estimate. */

import { formatBytes, formatCount, formatMiB, formatSignedShare } from "lora-calc";
import type { Calibration } from "lora-calc";
import { alignColumns, wrap } from "./columns.js";
import type { Style } from "./style.js";

const RIGHT = { align: "right" } as const;

export function renderCalibration(found: Calibration, style: Style): string {
  const { card, versions, tiers, trainable, context, findings } = found;
  const releases = Object.entries(versions).map(([name, release]) => `${name} ${String(release)}`);
  const where = [card ?? "no card", ...releases].join(", ");
  const rows = tiers.map(({ tier, measured, predicted, error, is_inside: isInside }) => [
    tier,
    ...[formatBytes(measured), formatBytes(predicted), formatSignedShare(error)],
    isInside ? style.good("inside the band") : style.bad("outside the band"),
  ]);
  const header = ["", "measured", "predicted", "error", ""];
  const [title = "", ...lines] = alignColumns([header, ...rows], [{}, RIGHT, RIGHT, RIGHT]);
  const blocks = [
    [style.strong(`Measured on ${where}`)],
    ...(tiers.length === 0 ? [] : [[style.strong(title), ...lines]]),
    ...(trainable === undefined ? [] : [[trainedText(trainable)]]),
    ...(findings.length === 0
      ? [["Nothing is off."]]
      : [findings.map((finding) => wrap(finding, "- ", "  "))]),
    ...(context === undefined ? [] : [contextLines(context)]),
    ...(tiers.length === 0 ? [] : [["A row for docs/measured.md", rowOf(found)]]),
  ];
  return `${blocks.map((block) => block.join("\n")).join("\n\n")}\n`;
}

function trainedText({ measured, predicted }: NonNullable<Calibration["trainable"]>): string {
  const count = formatCount(measured);
  return measured === predicted
    ? `${count} parameters trained, as counted`
    : `${count} parameters trained; ${formatCount(predicted)} were counted`;
}

function contextLines({
  measured,
  predicted,
}: NonNullable<Calibration["context"]>): readonly string[] {
  return [
    `CUDA context here ${formatMiB(measured)} (fitted, to this run), taken as ${formatMiB(predicted)}`,
    "To have it in every estimate on this machine, put into the scenario:",
    `  hardware: { context_bytes: ${measured} }`,
  ];
}

/** As the table of measured runs has it. */
function rowOf({ card = "–", scenario, tiers }: Calibration): string {
  const { model, training = {}, quantization } = scenario;
  const name = typeof model === "string" ? model : "own model";
  const isPacked = quantization !== undefined && quantization !== null;
  const bits = isPacked ? "packed" : training["dtype"] === "float32" ? "32-bit" : "16-bit";
  const shape = `${String(training["per_device_train_batch_size"])} × ${String(training["max_length"])}`;
  const cells = (["allocated", "reserved", "process"] as const).flatMap((wanted) => {
    const found = tiers.find(({ tier }) => tier === wanted);
    if (found === undefined) return ["–", "–", "–"];
    const { measured, predicted, error } = found;
    const bare = (bytes: number): string => formatMiB(bytes).replace(" MiB", "");
    return [bare(measured), bare(predicted), formatSignedShare(error)];
  });
  return `| ${[card, name, `${bits}, ${shape}`, ...cells].join(" | ")} |`;
}
