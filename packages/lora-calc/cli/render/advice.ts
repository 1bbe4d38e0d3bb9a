/** Advice in words: the way to a fit, room to use, every switch with its price, cards that would do. */

import { formatBytes } from "lora-calc";
import type { Advice, GpuRow, Ladder, Lever, Raise } from "lora-calc";
import { alignColumns, wrap } from "./columns.js";
import { oneLine } from "../one-line.js";
import type { Style } from "./style.js";

/** Cards named before the rest is counted. */
const NAMED_CARDS = 5;

/** The most useful advice in a few lines: what to do when it does not fit, what there is room for when it does. */
export function renderNextStep(advice: Advice, style: Style): string {
  if (advice.ladder !== undefined) {
    return [renderLadder(advice.ladder, style), leftOut(advice)].filter(Boolean).join("\n");
  }
  const raises = advice.raises.filter(({ verdict }) => verdict === "fits");
  if (raises.length > 0) return renderRaises(raises, style);
  const [lever] = advice.levers;
  return lever === undefined ? "" : [style.strong("Next lever"), leverLine(lever)].join("\n");
}

/** Everything. */
export function renderAdvice(advice: Advice, style: Style): string {
  const sections = [
    advice.ladder === undefined ? "" : renderLadder(advice.ladder, style),
    advice.raises.length === 0 ? "" : renderRaises(advice.raises, style),
    renderLevers(advice.levers, style),
    renderCards(advice.cards, style),
    leftOut(advice),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function leftOut({ left_out: count }: Advice): string {
  if (count === 0) return "";
  return `  ${count} further ${count === 1 ? "change was" : "changes were"} not tried: this run costs too much to run that often.`;
}

export function renderCards(cards: readonly GpuRow[], style: Style): string {
  const names = cards
    .slice(0, NAMED_CARDS)
    .map(({ name, memoryBytes }) => `${name} (${formatBytes(memoryBytes)})`);
  const more = cards.length - names.length;
  const line =
    names.length === 0
      ? "no single card of the catalogue"
      : `${names.join(", ")}${more > 0 ? `, and ${more} larger ones` : ""}`;
  return [style.strong("Cards that hold it"), wrap(line, "  ")].join("\n");
}

const LADDER_END: Readonly<Record<Ladder["verdict"], string>> = {
  fits: "Then it fits.",
  tight: "Then it is tight.",
  does_not_fit: "Even then it does not fit: take a larger card or a smaller model.",
};

function renderLadder({ steps, verdict }: Ladder, style: Style): string {
  const lines = steps.map((step, index) => `  ${index + 1}. ${leverLine(step, "").trimStart()}`);
  return [style.strong("The way to a fit"), ...lines, `  ${LADDER_END[verdict]}`].join("\n");
}

function renderRaises(raises: readonly Raise[], style: Style): string {
  const rows = raises.map(({ text, adds, verdict }) => [
    text,
    `+${formatBytes(adds)}`,
    (verdict ?? "").replaceAll("_", " "),
  ]);
  const lines = alignColumns(rows, [{}, { align: "right" }, {}]).map((line) => `  ${line}`);
  return [style.strong("Room for"), ...lines].join("\n");
}

function renderLevers(levers: readonly Lever[], style: Style): string {
  const lines = levers.map((lever) => leverLine(lever));
  return [
    style.strong("Every switch on this run"),
    ...(lines.length === 0 ? ["  none left that frees memory"] : lines),
  ].join("\n");
}

function leverLine({ text, saves, cost }: Lever, indent = "  "): string {
  const line = `${oneLine(text)}: frees ${formatBytes(saves)}. Cost: ${oneLine(cost)}.`;
  return wrap(line, indent, "    ");
}
